#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# asc.sh FILE: the list of additional sense codes as a table for C, see sense.h. Says which line of
# the list is wrong and why, and exits with 1, when one is: not of the form "ASC ASCQ text", not in
# order, there twice.
set -eu

# byte by byte: digits come before letters, and those before xx
LC_ALL=C awk '
	function refuse(why) {
		printf "%s:%d: %s\n", ARGV[1], NR, why | "cat >&2"
		bad = 1
		exit 1
	}

	# the name of its own, or that of every other qualifier
	function entry(asc, ascq, text) {
		text = names[asc " " ascq] != "" ? names[asc " " ascq] : names[asc " xx"]
		if (text != "") {
			printf "\t{ 0x%s%s, \"%s\" },\n", asc, ascq, text
			n++
		}
	}

	/^#/ && !n { next }
	/^#/ { refuse("a comment behind the first code") }
	!/^[0-9a-f][0-9a-f] ([0-9a-f][0-9a-f]|xx) / {
		refuse("does not begin with \"ASC ASCQ \", two digits each, or xx as ASCQ")
	}
	{
		code = substr($0, 1, 5)
		text = substr($0, 7)
		if (text !~ /^[A-Za-z]/)
			refuse("the text does not begin with a letter")
		# it becomes a string of C as it stands there
		if (text ~ /[^ -~]|["\\]| $/)
			refuse("the text has a quote, a backslash, no ASCII, or space at its end")
		if (n && code == last)
			refuse(code " is there twice")
		if (n && code < last)
			refuse(code " is not in order, behind " last)
		last = code
		names[code] = text
		n++
	}

	END {
		if (bad)
			exit 1
		if (!n)
			refuse("no codes")
		print "/* SPDX-License-Identifier: GPL-2.0-or-later */"
		print "/* Made by dissectors/asc.sh: what to change is dissectors/asc.txt. */"
		print "#include \"dissectors/sense.h\"\n"
		print "const struct vb_name vb_asc_names[] = {"
		n = 0
		for (asc = 0; asc < 256; asc++)
			for (ascq = 0; ascq < 256; ascq++)
				entry(sprintf("%02x", asc), sprintf("%02x", ascq))
		print "\t{ 0, NULL },\n};\n"
		printf "const size_t vb_n_asc_names = %d;\n", n
	}' "$1"
