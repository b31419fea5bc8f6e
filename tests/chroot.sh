# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh disable=SC2154
#
# A new, small Debian of any suite in a directory, with a copy of this source tree. For scripts of
# root that have set suite, top (this source tree) and base (where to put it).

need_debootstrap() {
	[ "$(id -u)" = 0 ] || { echo "$suite: needs root" >&2; exit 125; }
	command -v debootstrap >/dev/null || { echo "$suite: debootstrap is missing" >&2; exit 125; }
}

# Where this machine gets its packages, for the suite: "URI CODENAME" per line. Beside sid is nothing.
repositories() {
	# shellcheck source=/dev/null
	own=$(. /etc/os-release && echo "${VERSION_CODENAME:-}")
	# apt expands these
	# shellcheck disable=SC2016
	apt-get indextargets --format '$(REPO_URI) $(CODENAME)' 'Created-By: Packages' | sort -u |
		awk -v own="$own" -v suite="$suite" '
			$2 == own { print $1, suite }
			index($2, own "-") == 1 && suite != "sid" { print $1, suite substr($2, length(own) + 1) }'
}

# Mounts below the tree must be gone before it is removed.
leave() {
	for mount in $(awk -v root="$root/" 'index($2, root) == 1 { print $2 }' /proc/mounts | sort -r); do
		umount -l "$mount"
	done
	! grep -q " $root/" /proc/mounts || { echo "$suite: $root is still in use" >&2; return; }
	rm -rf --one-file-system "$root" "$root.log"
}

# new_system PACKAGE...: sets root; it goes away with the script.
new_system() {
	mkdir -p "$base"
	root=$(mktemp -d "$base/$suite.XXXXXX")
	chmod 755 "$root"
	trap leave EXIT
	trap 'exit 130' INT
	trap 'exit 143' TERM HUP
	uri=$(repositories | awk -v suite="$suite" '$2 == suite { print $1; exit }')
	[ -n "$uri" ] || { echo "$suite: apt on this machine knows no archive of Debian" >&2; exit 125; }
	case $uri in https:*) set -- "$@" ca-certificates ;; esac
	include=$(echo "$*" | tr ' ' ,)
	debootstrap --variant=minbase ${include:+"--include=$include"} "$suite" "$root" "$uri" \
		>"$root.log" 2>&1 || {
		tail -n 20 "$root.log"
		! grep -q 'signed by unknown key' "$root.log" ||
			echo "$suite: newer than this machine's debian-archive-keyring: upgrade that" >&2
		exit 1
	}
	configure_apt
	mount_devices
}

configure_apt() {
	repositories | awk '{ print "deb", $1, $2, "main" }' >"$root/etc/apt/sources.list"
	# proxies and the like
	for file in /etc/apt/apt.conf /etc/apt/apt.conf.d/*proxy*; do
		[ ! -e "$file" ] || cp "$file" "$root/etc/apt/apt.conf.d/"
	done
	# a mirror that stands still
	apt-config dump | grep '^Acquire::Check-' >"$root/etc/apt/apt.conf.d/90check" || true
	cp -L /etc/resolv.conf /etc/hosts "$root/etc/"
}

mount_devices() {
	mount -t proc proc "$root/proc"
	mount -t sysfs -o ro sysfs "$root/sys"
	mount -t tmpfs -o mode=755 dev "$root/dev"
	for node in null zero full random urandom tty; do
		: >"$root/dev/$node"
		mount --bind "/dev/$node" "$root/dev/$node"
	done
	if [ -e /dev/net/tun ]; then
		mkdir "$root/dev/net"
		: >"$root/dev/net/tun"
		mount --bind /dev/net/tun "$root/dev/net/tun"
	fi
	mkdir "$root/dev/pts" "$root/dev/shm"
	mount -t devpts -o newinstance,ptmxmode=666 devpts "$root/dev/pts"
	mount -t tmpfs shm "$root/dev/shm"
	ln -s pts/ptmx "$root/dev/ptmx"
	ln -s /proc/self/fd "$root/dev/fd"
}

# What is or would be under version control, into the home of a new user.
copy_source() {
	chroot "$root" useradd -m -s /bin/bash user
	mkdir "$root/home/user/source"
	if git -C "$top" -c safe.directory='*' rev-parse >/dev/null 2>&1; then
		git -C "$top" -c safe.directory='*' ls-files -z --cached --others --exclude-standard
	else
		(cd "$top" && find . \( -path ./build -o -path ./.git \) -prune -o -type f -print0)
	fi | tar -C "$top" --null --ignore-failed-read -T - -cf - | tar -C "$root/home/user/source" -xf -
	chroot "$root" chown -R user: /home/user/source
}
