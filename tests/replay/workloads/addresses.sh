# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=dash
#
# Addresses go to the guest as the KVP daemon takes them, and come back. The daemon finds an adapter
# by its VMBus id and its MAC address under /sys/class/net; here is none of VMBus, so that a dummy
# interface gets a directory there that says it is one. -> /out/set-up, what the daemon's script got
# shellcheck source=/dev/null
. /lib.sh

GUID="{f8615163-0001-1000-2000-00155d000001}"
MAC=00:15:5D:00:00:01
SCRIPT=/usr/libexec/hypervkvpd/hv_set_ifconfig

# The script that distributions put there hands the file to their network service; this one obeys it.
cat >/tmp/script <<'END'
#!/bin/sh
cat "$1" >/out/set-up
get() { sed -n "s/^$1=//p" "$2" | head -n 1; }
device=$(get DEVICE "$1")
ip address flush dev "$device"
ip link set "$device" up
ip address add "$(get 'IPADDR0*' "$1")/24" dev "$device"
ip route add default via "$(get GATEWAY "$1")" dev "$device"
END
[ ! -e $SCRIPT ] || step "$SCRIPT is replaced"
mkdir -p "$(dirname $SCRIPT)"
mv /tmp/script $SCRIPT
chmod 755 $SCRIPT

make_adapter() {
	[ -d /sys/class/net/dummy0 ] || insmod /lib/modules/dummy.ko || fail "no dummy interface"
	[ -d /sys/class/net/dummy0 ] || ip link add dummy0 type dummy || fail "no dummy0"
	ip link set dummy0 address $MAC || fail "its address"
	mount -t tmpfs none /sys/class/net || fail "tmpfs"
	mkdir -p /sys/class/net/dummy0/device
	echo "$GUID" >/sys/class/net/dummy0/device/device_id
	echo $MAC | tr A-F a-f >/sys/class/net/dummy0/address
}

# A line of the file that the daemon wrote.
wrote() { # LINE
	grep -qx -- "$1" /var/lib/hyperv/ifcfg-dummy0 || fail "$1 is not in $(cat /var/lib/hyperv/ifcfg-dummy0)"
	step "the daemon wrote $1"
}

[ -z "$(obstacle kvp)" ] || { echo "addresses: $(obstacle kvp)"; exit 0; }
wait_for 60 host kvp enumerate 2 || fail "no key-value exchange"
make_adapter
refused "" host kvp set-ip "{00000000-0000-0000-0000-000000000099}" 192.0.2.2 255.255.255.0 192.0.2.1 -
[ ! -e /out/set-up ] || fail "an adapter that is not there was set up"
refused "" host kvp get-ip 00:00:00:00:00:99

expect "" host kvp set-ip "$GUID" 192.0.2.2 255.255.255.0 192.0.2.1 192.0.2.53
wrote DEVICE=dummy0
wrote "HWADDR=$MAC"
wrote "IPADDR0*=192.0.2.2"
wrote "NETMASK0*=255.255.255.0"
wrote "GATEWAY=192.0.2.1"
wrote "DNS1=192.0.2.53"
cmp /var/lib/hyperv/ifcfg-dummy0 /out/set-up || fail "the script was given something else"

got=$(host kvp get-ip $MAC) || fail "get-ip: $got"
step "get-ip: $got"
for part in 192.0.2.2 255.255.255.0 192.0.2.1; do
	case $got in
	*"$part"*) ;;
	*) fail "get-ip: $part is missing" ;;
	esac
done

# By DHCP: no addresses to obey.
printf '#!/bin/sh\ncat "$1" >/out/set-up\n' >$SCRIPT
expect "" host kvp set-ip "$GUID" - - - - dhcp
wrote BOOTPROTO=dhcp
# A script that fails is no success.
printf '#!/bin/sh\nexit 3\n' >$SCRIPT
refused "" host kvp set-ip "$GUID" 192.0.2.3 255.255.255.0 192.0.2.1 -
echo "addresses set and read"
