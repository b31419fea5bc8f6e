# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=dash
#
# Every service at every version that its driver knows, and at none: the host lists one alone, takes
# the device away and offers it again. What was agreed must be the same by the guest's own words and
# by the host's, and the service must do its work. Prints "agreed SERVICE FRAMEWORK VERSION".
# Give it a file "payload" for the copies.
# shellcheck source=/dev/null
. /lib.sh

# What hv_utils calls the service in its log.
said_as() { # SERVICE
	case $1 in
	heartbeat) echo Heartbeat ;;
	shutdown) echo Shutdown ;;
	timesync) echo TimeSync ;;
	kvp) echo KVP ;;
	vss) echo VSS ;;
	fcopy) echo FCopy ;;
	esac
}

n_said() { dmesg | grep -c "hv_utils: $(said_as "$1") IC version"; }
last_said() { dmesg | sed -n "s/.*hv_utils: $(said_as "$1") IC version //p" | tail -n 1; }


daemon_of() { # SERVICE: its program; nothing when it has none
	case $1 in
	kvp | vss | fcopy) find /usr/sbin -name "hv_$1*daemon" ;;
	esac
}

# A daemon ends with its device, and whoever started it (systemd, else) starts it again with the next.
start_daemon() { # SERVICE
	program=$(daemon_of "$1")
	[ -n "$program" ] || return 0
	name=$(basename "$program")
	file=/dev/vmbus/hv_$1
	case $name in *uio*) file=/dev/uio0 ;; esac
	wait_for 10 test -e "$file" || fail "$1: no $file"
	# it may be about to end
	wait_for 2 dead "$name" || return 0
	"$program" -n >/dev/null 2>&1 &
}

again() { # SERVICE SETTING...
	service=$1
	host set "$@" || fail "set $*"
	host rescind "$service" || fail "rescind $service"
	wait_for 10 has_none "$service" || fail "$service: the device stays after its rescind"
	host offer "$service" || fail "offer $service"
	wait_for 10 has_device "$service" || fail "$service: no device after the offer"
	start_daemon "$service"
}

clock_is() { # SECONDS
	d=$(($(date +%s) - $1))
	[ $d -ge -1 ] && [ $d -le 2 ]
}

# The guest's clock follows the host's, an hour ahead and back.
follows() {
	t0=$(date +%s)
	host timesync sync 3600 || return 1
	wait_for 2 clock_is $((t0 + 3600)) || { echo "$(date +%s), not $((t0 + 3600))"; return 1; }
	host timesync sync 0 || return 1
	wait_for 2 clock_is "$t0" || { echo "$(date +%s), not $t0"; return 1; }
}

does_work() { # SERVICE
	case $1 in
	heartbeat) host heartbeat beat 3 ;;
	shutdown) ! host shutdown request 64 && host shutdown versions ;;
	timesync) follows ;;
	kvp) host kvp enumerate 2 ;;
	vss) host vss check ;;
	fcopy) host fcopy copy payload /tmp/copied overwrite create-path ;;
	esac
}

agree() { # SERVICE FRAMEWORK VERSION
	before=$(n_said "$1")
	again "$1" "framework=$2" "versions=$3"
	wait_for 60 host "$1" versions || fail "$1: $(host "$1" versions 2>&1)"
	expect "framework $2, message $3" host "$1" versions
	if [ "$(driver_of "$1")" != uio_hv_generic ]; then
		[ "$(n_said "$1")" = $((before + 1)) ] || fail "$1: the driver's log has no new version"
		[ "$(last_said "$1")" = "$3" ] || fail "$1: the driver says $(last_said "$1"), not $3"
	fi
	got=$(does_work "$1" 2>&1) || fail "$1 $3: $got"
	echo "agreed $1 $2 $3"
}

was_refused() { host "$1" versions 2>&1 | grep -q "supports none"; }

disagree() { # SERVICE FRAMEWORK VERSION
	before=$(n_said "$1")
	again "$1" "framework=$2" "versions=$3"
	wait_for 60 was_refused "$1" || fail "$1: not refused: $(host "$1" versions 2>&1)"
	refused "supports none" host "$1" versions
	[ "$(n_said "$1")" = "$before" ] || fail "$1: refused, but the driver says $(last_said "$1")"
	echo "refused $1 $2 $3"
}

versions_of() { # SERVICE
	case $1 in
	heartbeat) echo 1.0 3.0 ;;
	shutdown) echo 1.0 3.0 3.1 3.2 ;;
	timesync) echo 1.0 3.0 4.0 ;;
	kvp) echo 1.0 3.0 4.0 ;;
	vss) echo 5.0 ;;
	fcopy) echo 1.1 ;;
	esac
}

frameworks_of() { # SERVICE
	case $1 in
	vss | fcopy) echo 3.0 ;;
	*) echo 1.0 3.0 ;;
	esac
}

for service in heartbeat shutdown timesync kvp vss fcopy; do
	case $(obstacle $service) in
	'' | bypassed) ;;
	*) continue ;;
	esac
	disagree $service 3.0 9.9
	case $service in
	vss | fcopy) disagree $service 1.0 "$(versions_of $service)" ;;
	esac
	for framework in $(frameworks_of $service); do
		for version in $(versions_of $service); do
			agree $service "$framework" "$version"
		done
	done
done
