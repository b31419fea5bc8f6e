# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=dash
#
# Helpers for workloads; they run in the guest under busybox sh and begin with ". /lib.sh".

now() { cut -d ' ' -f 1 /proc/uptime; }
step() { echo "workload: [$(now)] $*"; }
fail() { step "FAILED: $*"; exit 1; }

# Repeat a command until it succeeds.
wait_for() { # SECONDS COMMAND...
	limit=$1
	shift
	end=$(($(cut -d . -f 1 /proc/uptime) + limit))
	until "$@" >/dev/null 2>&1; do
		[ "$(cut -d . -f 1 /proc/uptime)" -lt $end ] || return 1
		usleep 100000
	done
}

# A command whose output must hold the text.
expect() { # TEXT COMMAND...
	want=$1
	shift
	got=$("$@" 2>&1) || fail "$*: $got"
	case $got in
	*"$want"*) step "$*: $got" ;;
	*) fail "$*: $got; expected $want" ;;
	esac
}

# A command that must fail, with the text in what it says.
refused() { # TEXT COMMAND...
	want=$1
	shift
	! got=$("$@" 2>&1) || fail "$*: succeeded: $got"
	case $got in
	*"$want"*) step "$*: refused: $got" ;;
	*) fail "$*: $got; expected $want" ;;
	esac
}

class_of() { # SERVICE
	case $1 in
	shutdown) echo 0e0b6031-5213-4934-818b-38d90ced39db ;;
	timesync) echo 9527e630-d0ae-497b-adce-e80ab0175caf ;;
	heartbeat) echo 57164f39-9115-4e78-ab55-382f3bd5422d ;;
	kvp) echo a9a0f4e7-5a45-4d96-b827-8a841e8c03e6 ;;
	vss) echo 35fa2e29-ea23-4236-96ae-3a6ebacba440 ;;
	fcopy) echo 34d14be3-dee4-41c8-9ae7-6b174977c192 ;;
	esac
}

# The driver that a service's device is bound to; nothing while it has none.
driver_of() { # SERVICE
	for d in /sys/bus/vmbus/devices/*; do
		case $(cat "$d/class_id" 2>/dev/null) in
		*"$(class_of "$1")"*)
			[ ! -e "$d/driver" ] || basename "$(readlink "$d/driver")"
			return
			;;
		esac
	done
}

# Where the bus is older than 3.0, hv_utils has no use for vss, and says so (drivers/hv/hv_snapshot.c).
is_refused() { # SERVICE
	[ "$1" = vss ] && dmesg | grep -q "volume snapshot.*not supported on this host version"
}

# What stands in the way of a service in this guest; nothing: it works. The driver is asked first:
# without it no daemon starts.
obstacle() { # SERVICE
	driver=$(driver_of "$1")
	if [ -z "$driver" ]; then
		has_device "$1" || { echo "not offered"; return; }
		! is_refused "$1" || { echo "its driver refuses it on a bus this old"; return; }
		echo "no driver for it in the package"
		return
	fi
	case $1 in
	kvp | vss | fcopy)
		! dead "hv_$1[_a-z]*daemon" || { echo "no daemon for it in the package"; return; }
		;;
	esac
	[ "$driver" != uio_hv_generic ] || echo bypassed
}

has_device() { grep -qF "$(class_of "$1")" /sys/bus/vmbus/devices/*/class_id; } # SERVICE
has_none() { ! has_device "$1"; }
dead() { ! ps | grep -v grep | grep -q "$1"; } # PROGRAM

# An interface for frames with that tag, above another one.
add_vlan() { # INTERFACE ID ADDRESS/LEN
	for module in llc stp mrp garp 8021q; do
		insmod "/lib/modules/$module.ko" 2>/dev/null || true # what is there or built in
	done
	ip link add link "$1" name "$1.$2" type vlan id "$2" || fail "no tags: $(dmesg | tail -n 3)"
	ip link set "$1.$2" up
	ip addr add "$3" dev "$1.$2"
}
