# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=dash disable=SC2034
#
# Helpers for scenarios; they run in the guest under busybox sh and begin with
# ". /lab.sh". Files for the caller of the lab go to /out.

out=/out
tracing=/sys/kernel/tracing
driver=/sys/bus/vmbus/drivers/hv_balloon

now() { cut -d ' ' -f 1 /proc/uptime; }
step() { echo "scenario: [$(now)] $*" | tee -a $out/scenario.log; }
fail() { step "FAILED: $*"; exit 1; }

# Ask the agent in L1; prints its answer, fails if that is an error.
host() { # WORD...
	echo "$*" >&7
	read -r answer <&7 || return 1
	echo "$answer"
	case $answer in ok*) ;; *) return 1 ;; esac
}

# Repeat a command until it succeeds.
wait_for() { # SECONDS COMMAND...
	limit=$1
	shift
	end=$(($(cut -d . -f 1 /proc/uptime) + limit))
	until "$@" >/dev/null 2>&1; do
		[ "$(cut -d . -f 1 /proc/uptime)" -lt $end ] || return 1
		usleep 200000
	done
}

# Load a module unless the kernel has it built in.
load() { # MODULE
	[ ! -e "/sys/module/$1" ] || return 0
	insmod "/lib/modules/$1.ko" || fail "insmod $1"
}

# hv_vmbus, up to the offer of the balloon device.
load_vmbus() {
	load hv_vmbus
	wait_for 10 balloon_device || fail "no balloon offered"
	step "hv_vmbus is up"
}

# hv_balloon, up to the end of its handshake: the driver is bound before.
load_balloon() {
	load hv_balloon
	wait_for 10 balloon_bound || fail "hv_balloon did not bind"
	sleep 1
	step "hv_balloon is up"
}

balloon_device() {
	for d in /sys/bus/vmbus/devices/*; do
		case $(cat "$d/class_id" 2>/dev/null) in
		*525074dc-8985-46e2-8057-a307dc18a502*) echo "${d##*/}" && return ;;
		esac
	done
	return 1
}

balloon_bound() {
	d=$(balloon_device) && [ -e "/sys/bus/vmbus/devices/$d/driver" ]
}

# MiB the guest has according to the host.
host_has() { # MIB
	host query-balloon | grep -q "\"actual\": $(($1 * 1048576))}"
}

# Have the host change the guest's memory, and wait until it happened. QEMU
# leaves a guest alone for 50 s after the handshake.
balloon_to() { # MIB
	host balloon "$1" >/dev/null || fail "balloon $1"
	wait_for 10 host_has "$1" || fail "the balloon did not reach $1 MiB"
	step "balloon at $1 MiB"
}

# ---- capture ----------------------------------------------------------------

# Start /bin/vmbusdump in the background and return when it captures. Its standard output is a file,
# or what $stdout says.
start_capture() { # NAME ARG...
	name=$1
	shift
	if [ ! -x /bin/vmbusdump ]; then
		step "no vmbusdump: nothing is captured"
		capture=
		host mark capture-begin >/dev/null
		return
	fi
	/bin/vmbusdump "$@" >"${stdout:-$out/$name.out}" 2>$out/"$name".err 7>&- &
	capture=$!
	wait_for 120 grep -q -i capturing $out/"$name".err || {
		cat $out/"$name".err
		fail "vmbusdump does not capture"
	}
	host mark capture-begin >/dev/null
	step "capturing"
}

# End it as Ctrl-C does. A capture that lost records ends with status 1.
stop_capture() { # [EXPECTED STATUS]
	host mark capture-end >/dev/null
	[ -n "$capture" ] || return 0
	kill -INT "$capture"
	status=0
	wait "$capture" || status=$?
	[ $status = "${1:-0}" ] || fail "vmbusdump ended with status $status"
	step "capture ended with status $status"
}

# ---- where the rings are ----------------------------------------------------

# Note the page numbers of every GPADL made from now on, by a kprobe that reads
# the message hv_vmbus posts: independent of any capture tool. 26 page numbers
# are all a GPADL header can hold. May be called before hv_vmbus is loaded.
watch_gpadls() {
	fields='type=+0(%di):u32 gpadl=+12(%di):u32 buflen=+16(%di):u16'
	i=0
	while [ $i -lt 26 ]; do
		fields="$fields p$i=+$((28 + i * 8))(%di):u64"
		i=$((i + 1))
	done
	probe=hv_vmbus:vmbus_post_msg
	# built in on 7.x
	[ -e /lib/modules/hv_vmbus.ko ] || probe=vmbus_post_msg
	echo "p:lab/gpadl $probe $fields" >>$tracing/kprobe_events || fail "no kprobe"
	echo 'type == 8' >$tracing/events/lab/gpadl/filter
	echo 1 >$tracing/events/lab/gpadl/enable
}

# Page numbers of the newest GPADL seen, in order.
newest_gpadl() {
	sed -n 's/.* gpadl: (//p' $tracing/trace | tail -n 1 >/tmp/gpadl
	[ -s /tmp/gpadl ] || return 1
	n=$(($(sed 's/.* buflen=\([0-9]*\) .*/\1/' /tmp/gpadl) / 8 - 1))
	[ $n -ge 1 ] && [ $n -le 26 ] || return 1
	i=0
	while [ $i -lt $n ]; do
		sed "s/.* p$i=\([0-9]*\).*/\1/" /tmp/gpadl
		i=$((i + 1))
	done
}

# Have the host save the pages of the newest GPADL: guest->host ring first. Must
# come before the channel is closed, when the guest frees them.
dump_rings() { # NAME
	# a list of numbers
	# shellcheck disable=SC2046
	host dump-pfns "$1" $(newest_gpadl) >/dev/null || fail "dump of the rings"
	step "rings dumped"
}
