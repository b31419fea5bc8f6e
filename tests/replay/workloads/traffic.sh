# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=dash
#
# Much traffic between two marks, on every service that this guest has: at least 10,000 packets in
# all, at least 100 on each device. Prints "uses SERVICE" for each, and "marks" when both are there.
# shellcheck source=/dev/null
. /lib.sh

repeat() { # N COMMAND...
	n=$1
	shift
	while [ "$n" -gt 0 ]; do
		"$@" >/tmp/last 2>&1 || fail "$*: $(cat /tmp/last)"
		n=$((n - 1))
	done
}

# The driver answers with a failure and does nothing; so does host.
decline() {
	! host shutdown request 64
}

ready() { # SERVICE
	case $1 in
	heartbeat) host heartbeat beat ;;
	timesync) host timesync probe ;;
	kvp) host kvp enumerate 2 ;;
	vss) host vss check ;;
	fcopy) host fcopy copy payload /tmp/copied overwrite create-path ;;
	shutdown) decline ;;
	esac
}

traffic() { # SERVICE
	case $1 in
	heartbeat) host heartbeat beat 5000 ;;
	timesync) repeat 60 host timesync probe ;;
	kvp) host kvp burst 700 ;;
	vss) repeat 60 host vss check ;;
	fcopy) host fcopy copy payload /tmp/copied overwrite create-path ;;
	shutdown) repeat 60 decline ;;
	esac
}

used=
for service in heartbeat timesync kvp vss fcopy shutdown; do
	[ -z "$(obstacle $service)" ] || continue
	wait_for 60 ready $service || fail "$service is not ready: $(ready $service 2>&1)"
	used="$used $service"
done
host mark 1 || fail "mark 1"
for service in $used; do
	traffic "$service" >/tmp/traffic 2>&1 || fail "$service: $(cat /tmp/traffic)"
	step "$service: $(tail -n 1 /tmp/traffic)"
	echo "uses $service"
done
host mark 2 || fail "mark 2"
echo marks
