// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * layout [--self-test] PAIRS VMLINUX [MODULE...]: are our rows where the kernel has its members?
 *
 * The pairs say which row is which member of which kernel struct. A frame is filled by the
 * positions that the kernel's type information gives, walked by the rows, and every field the
 * walk finds must be paired or excused. --self-test moves each row by one byte and wants to see
 * that found.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernel.h"
#include "measure.h"

#define MAX_LINES 64
#define MAX_ROWS 40
#define MAX_WORDS 8
#define MAX_FRAME 8192

/* One frame of the table, as text. */
struct frame {
	char proto[32], message[32];
	char type[64]; /* kernel struct */
	uint8_t direction;
	uint32_t version, len;
	bool past;     /* later kernels lack the struct */
	uint32_t base; /* where the struct lies in the frame, bytes */
	uint32_t oid;  /* what an answer's request was about */
	struct {
		uint32_t offset, value;
	} word[MAX_WORDS]; /* around the struct */
	struct {
		char member[96], value[64];
	} set[MAX_LINES];
	struct {
		char row[96], member[96];
		bool maybe;
	} pair[MAX_LINES];
	char excused[MAX_LINES][64];
	unsigned int n_words, n_sets, n_pairs, n_excused;
};

struct check {
	struct kernel kernel;
	bool self_test;
	unsigned int n_frames, n_positions, n_shifts, n_faults;
};

static void fault(struct check *c, const struct frame *fr, const char *what, const char *detail)
{
	printf("FAULT %s.%s / %s: %s %s\n", fr->proto, fr->message, fr->type, what, detail);
	c->n_faults++;
}

/* ---- comparing ---- */

static bool fill(struct check *c, const struct frame *fr, uint8_t *data)
{
	memset(data, 0, MAX_FRAME);
	for (unsigned int i = 0; i < fr->n_words; i++)
		memcpy(data + fr->word[i].offset, &fr->word[i].value, sizeof(fr->word[i].value));
	for (unsigned int i = 0; i < fr->n_sets; i++) {
		const char *member = fr->set[i].member, *text = fr->set[i].value;
		struct place p;
		uint64_t value;
		char *end;

		value = strtoull(text, &end, 0);
		if (*end && !kernel_enumerator(&c->kernel, text, &value)) {
			fault(c, fr, "the kernel has no enumerator", text);
			return false;
		}
		if (!kernel_member(&c->kernel, fr->type, member, &p)) {
			fault(c, fr, "the kernel has no member", member);
			return false;
		}
		p.bit += 8 * fr->base;
		for (uint32_t b = 0; b < p.width && p.bit + b < 8 * MAX_FRAME && b < 64; b++)
			if (value >> b & 1)
				data[(p.bit + b) / 8] |= (uint8_t)(1u << (p.bit + b) % 8);
	}
	return true;
}

/* Fields stand below the message, or, as those of the head, below the protocol. */
static const struct measured *find(const struct measure *m, const struct frame *fr, const char *row)
{
	const struct measured *d;
	char path[192];

	snprintf(path, sizeof(path), "%s.%s.%s", fr->proto, fr->message, row);
	d = measure_find(m, path);
	if (d)
		return d;
	snprintf(path, sizeof(path), "%s.%s", fr->proto, row);
	return measure_find(m, path);
}

/* 1: same place; 0: this kernel lacks the member, and may; -1: a fault, described. */
static int compare(const struct check *c, const struct frame *fr, const struct measure *m,
		   unsigned int i, char *ret_text, size_t size)
{
	const char *member = fr->pair[i].member;
	const struct measured *d = find(m, fr, fr->pair[i].row);
	struct place p;

	if (!kernel_member(&c->kernel, fr->type, member, &p)) {
		snprintf(ret_text, size, "the kernel has no member %s", member);
		return fr->pair[i].maybe ? 0 : -1;
	}
	if (!d) {
		snprintf(ret_text, size, "the walk found no row %s", fr->pair[i].row);
		return -1;
	}
	p.bit += 8 * fr->base;
	if (d->bit == p.bit && d->width == p.width)
		return 1;
	snprintf(ret_text, size, "%s is %u bits at bit %u, the kernel's %s is %u bits at bit %u",
		 d->path, d->width, d->bit, member, p.width, p.bit);
	return -1;
}

/* Is path that of the row, or of one inside it? */
static bool is_below(const char *path, const char *proto, const char *message, const char *row)
{
	char above[192];
	int len = snprintf(above, sizeof(above), "%s%s%s.%s", proto, message ? "." : "",
			   message ? message : "", row);

	return len > 0 && !strncmp(path, above, (size_t)len) && (!path[len] || path[len] == '.');
}

static bool is_covered(const struct measure *m, const struct frame *fr, const struct measured *d)
{
	for (unsigned int i = 0; i < fr->n_pairs; i++) {
		const struct measured *other = find(m, fr, fr->pair[i].row);

		if (other && !strcmp(other->path, d->path))
			return true;
	}
	for (unsigned int i = 0; i < fr->n_excused; i++)
		if (is_below(d->path, fr->proto, fr->message, fr->excused[i]) ||
		    is_below(d->path, fr->proto, NULL, fr->excused[i]))
			return true;
	return false;
}

static void measure(const struct frame *fr, const struct vb_proto *proto, const uint8_t *data,
		    struct measure *ret_m)
{
	struct vb_frame f = {
		.data = data,
		.cap_len = fr->len,
		.wire_len = fr->len,
		.direction = fr->direction,
		.vmbus_version = fr->version,
		.proto_version = fr->version,
		.recalled = fr->oid,
	};

	measure_frame(ret_m, proto, &f);
}

/* ---- moving rows on purpose ---- */

static const struct vb_row pad = { .name = "moved", .title = "Moved", .type = VB_PAD, .size = 1 };

/* The message's rows with one byte more in front of row number at. */
static void moved_rows(const struct vb_msg *msg, unsigned int at, struct vb_row *ret_rows)
{
	unsigned int n = 0;

	for (const struct vb_row *row = msg->rows; n < MAX_ROWS - 1; row++) {
		if (row == msg->rows + at)
			ret_rows[n++] = pad;
		ret_rows[n++] = *row;
		if (row->type == VB_END)
			break;
	}
}

static void shift_one(struct check *c, const struct frame *fr, const struct vb_proto *proto,
		      const struct vb_msg *msg, unsigned int pair, const uint8_t *data)
{
	static struct measure m;
	struct vb_row rows[MAX_ROWS] = { 0 };
	struct vb_msg msgs[2] = { *msg, { .name = NULL } };
	struct vb_proto copy = *proto;
	unsigned int at = 0;
	char text[256];

	while (msg->rows[at].type != VB_END && strcmp(msg->rows[at].name, fr->pair[pair].row))
		at++;
	if (msg->rows[at].type == VB_END)
		return; /* of the head, or inside a group */
	moved_rows(msg, at, rows);
	msgs[0].rows = rows;
	copy.msgs = msgs;
	measure(fr, &copy, data, &m);
	c->n_shifts++;
	if (compare(c, fr, &m, pair, text, sizeof(text)) > 0)
		fault(c, fr, "moved by a byte and not found:", fr->pair[pair].row);
}

static void shift_all(struct check *c, const struct frame *fr, const struct vb_proto *proto,
		      const uint8_t *data)
{
	const struct vb_msg *msg = proto->msgs;

	while (msg && msg->name && strcmp(msg->name, fr->message))
		msg++;
	if (!msg || !msg->name || !msg->rows)
		return;
	for (unsigned int i = 0; i < fr->n_pairs; i++)
		shift_one(c, fr, proto, msg, i, data);
}

/* ---- a frame of the table ---- */

static void check_frame(struct check *c, const struct frame *fr)
{
	static struct measure m;
	const struct vb_proto *proto = vb_proto_by_name(fr->proto);
	unsigned int before = c->n_faults, n = 0;
	uint8_t data[MAX_FRAME];
	char text[256];

	if (fr->past && !kernel_has_struct(&c->kernel, fr->type)) {
		printf("%-36s %-28s not in this kernel\n", fr->type, fr->message);
		return;
	}
	if (!proto || !kernel_has_struct(&c->kernel, fr->type)) {
		fault(c, fr, proto ? "no such struct in this kernel" : "no such protocol", "");
		return;
	}
	if (!fill(c, fr, data))
		return;
	measure(fr, proto, data, &m);
	if (strcmp(m.message, fr->message) && strcmp(fr->message, "-"))
		fault(c, fr, "the walk takes the message for", m.message);
	for (unsigned int i = 0; i < fr->n_pairs; i++) {
		int same = compare(c, fr, &m, i, text, sizeof(text));

		if (same < 0)
			fault(c, fr, text, "");
		else
			n += (unsigned int)same;
	}
	for (unsigned int i = 0; i < m.n; i++)
		if (!is_covered(&m, fr, &m.item[i]))
			fault(c, fr, "neither paired nor excused:", m.item[i].path);
	if (c->self_test && c->n_faults == before)
		shift_all(c, fr, proto, data);
	printf("%-36s %-28s %2u positions\n", fr->type, fr->message, n);
	c->n_positions += n;
	c->n_frames++;
}

/* ---- the table ---- */

static bool read_frame(struct frame *fr, char *words)
{
	char direction[16];

	memset(fr, 0, sizeof(*fr));
	if (sscanf(words,
		   "%31[^.].%31s %63s %15s version=%" SCNx32 " len=%" SCNu32 " base=%" SCNu32
		   " oid=%" SCNx32,
		   fr->proto, fr->message, fr->type, direction, &fr->version, &fr->len, &fr->base,
		   &fr->oid) < 6 ||
	    fr->len > MAX_FRAME)
		return false;
	if (!strcmp(direction, "to_host"))
		fr->direction = VB_TO_HOST;
	else if (!strcmp(direction, "to_guest"))
		fr->direction = VB_TO_GUEST;
	return true;
}

static bool read_word(struct frame *fr, const char *words)
{
	uint32_t offset, value;

	if (fr->n_words == MAX_WORDS ||
	    sscanf(words, "%" SCNu32 " %" SCNx32, &offset, &value) != 2 || offset > MAX_FRAME - 4)
		return false;
	fr->word[fr->n_words].offset = offset;
	fr->word[fr->n_words++].value = value;
	return true;
}

static bool read_entry(struct frame *fr, const char *what, const char *words)
{
	if (!strcmp(what, "word"))
		return read_word(fr, words);
	if (!strcmp(what, "set") && fr->n_sets < MAX_LINES)
		return sscanf(words, "%95s %63s", fr->set[fr->n_sets].member,
			      fr->set[fr->n_sets].value) == 2 &&
		       ++fr->n_sets;
	if ((!strcmp(what, "row") || !strcmp(what, "maybe")) && fr->n_pairs < MAX_LINES) {
		fr->pair[fr->n_pairs].maybe = *what == 'm';
		return sscanf(words, "%95s %95s", fr->pair[fr->n_pairs].row,
			      fr->pair[fr->n_pairs].member) == 2 &&
		       ++fr->n_pairs;
	}
	if (!strcmp(what, "free") && fr->n_excused < MAX_LINES)
		return sscanf(words, "%63s", fr->excused[fr->n_excused]) == 1 && ++fr->n_excused;
	return false;
}

static bool read_table(struct check *c, FILE *table)
{
	static struct frame fr;
	char line[512], what[16];
	unsigned int number = 0;
	bool open = false;
	int at;

	while (fgets(line, sizeof(line), table)) {
		bool good;

		number++;
		at = 0;
		if (sscanf(line, "%15s %n", what, &at) != 1 || *what == '#')
			continue;
		if (strcmp(what, "frame") && strcmp(what, "past")) {
			good = open && read_entry(&fr, what, line + at);
		} else {
			if (open)
				check_frame(c, &fr);
			good = open = read_frame(&fr, line + at);
			fr.past = *what == 'p';
		}
		if (!good) {
			fprintf(stderr, "layout: line %u makes no sense: %s", number, line);
			return false;
		}
	}
	if (open)
		check_frame(c, &fr);
	return open;
}

int main(int argc, char **argv)
{
	struct check c = { .self_test = argc > 1 && !strcmp(argv[1], "--self-test") };
	int first = c.self_test ? 2 : 1;
	FILE *table;
	bool good;

	if (argc - first < 2) {
		fprintf(stderr, "usage: layout [--self-test] PAIRS VMLINUX [MODULE...]\n");
		return 2;
	}
	table = fopen(argv[first], "r");
	if (!table || !kernel_open(&c.kernel, argv + first + 1, (unsigned int)(argc - first - 1)))
		return 2;
	good = read_table(&c, table);
	fclose(table);
	kernel_close(&c.kernel);
	printf("layout: %u positions of %u messages compared, %u faults\n", c.n_positions,
	       c.n_frames, c.n_faults);
	if (c.self_test)
		printf("layout: %u rows moved by a byte, each was found unless listed above\n",
		       c.n_shifts);
	return good && !c.n_faults && (!c.self_test || c.n_shifts) ? 0 : 1;
}
