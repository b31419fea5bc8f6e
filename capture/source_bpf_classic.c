/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Meaning is that of libpcap's bpf_filter(): what divides by 0 or reads behind the bytes does not
 * match. All instructions must be reachable, or the kernel refuses the program; that some are never
 * reached is no matter.
 */
#include "capture/classic.h"

#include <errno.h>
#include <linux/bpf.h>
#include <linux/filter.h>
#include <stdbool.h>

#include "bpf/record.h"

enum {
	A = BPF_REG_0, /* is returned, too */
	BYTES = BPF_REG_1,
	N_BYTES = BPF_REG_2,
	WIRE_LEN = BPF_REG_3,
	UNSEEN = BPF_REG_4,
	X = BPF_REG_5,
	AT = BPF_REG_6,
	END = BPF_REG_7,
};

_Static_assert(VB_CLASSIC_MAX >= VB_BPF_FILTER_LEN, "what may fit is known");

#define ROOM VB_BPF_FRAME_ROOM
/* Of what stood there before the last instruction is the answer to what cannot be seen. */
#define SAY_UNSEEN (VB_BPF_FILTER_LEN - 1)

struct output {
	struct bpf_insn *to;
	uint32_t n; /* of them, so many; counts on when there is no room */
	uint32_t starts[VB_BPF_FILTER_LEN + 1]; /* by the classic instruction */
};

static void put(struct output *o, uint32_t code, uint8_t dst, uint8_t src, int32_t off,
		uint32_t imm)
{
	if (o->n < VB_BPF_FILTER_LEN)
		o->to[o->n] = (struct bpf_insn){ .code = (uint8_t)code,
						 .dst_reg = dst & 15u,
						 .src_reg = src & 15u,
						 .off = (int16_t)off,
						 .imm = (int32_t)imm };
	o->n++;
}

/* From the instruction that is put next. */
static int32_t way_to(const struct output *o, uint32_t place)
{
	return (int32_t)place - (int32_t)o->n - 1;
}

static void put_jump(struct output *o, uint32_t code, uint8_t dst, uint8_t src, uint32_t imm,
		     uint32_t place)
{
	put(o, code, dst, src, way_to(o, place), imm);
}

static void put_return(struct output *o, uint32_t value)
{
	put(o, BPF_ALU | BPF_MOV | BPF_K, A, 0, 0, value);
	put(o, BPF_JMP | BPF_EXIT, 0, 0, 0, 0);
}

/* ---- loads ---- */

static uint32_t size_of(uint32_t code)
{
	return BPF_SIZE(code) == BPF_W ? 4 : BPF_SIZE(code) == BPF_H ? 2 : 1;
}

/* Bytes at a register's address plus off, in the order of the network. */
static void put_load(struct output *o, uint32_t code, uint8_t dst, uint8_t src, uint32_t off)
{
	put(o, BPF_LDX | BPF_MEM | BPF_SIZE(code), dst, src, (int32_t)off, 0);
	if (size_of(code) > 1)
		put(o, BPF_ALU | BPF_END | BPF_TO_BE, dst, 0, 0, size_of(code) * 8);
}

/* False: no program of this room can have seen that, and what follows is never reached. */
static bool fits(struct output *o, const struct vb_classic *c)
{
	if (c->k <= ROOM - size_of(c->code))
		return true;
	put_jump(o, BPF_JMP | BPF_JLE | BPF_K, N_BYTES, 0, ROOM, SAY_UNSEEN);
	return false;
}

static void put_absolute(struct output *o, const struct vb_classic *c, uint8_t dst)
{
	if (!fits(o, c))
		return;
	put_jump(o, BPF_JMP | BPF_JLT | BPF_K, N_BYTES, 0, c->k + size_of(c->code), SAY_UNSEEN);
	put_load(o, c->code, dst, BYTES, c->k);
}

/* Of all 64 bits. BPF_K, which belongs to the code, is 0, as BPF_ADD is. */
static void put_sum(struct output *o, uint8_t dst, uint32_t addend)
{
	put(o, BPF_ALU64 | BPF_ADD, dst, 0, 0, addend);
}

/* The kernel wants to see a bound that is constant, too. */
static void put_indirect(struct output *o, const struct vb_classic *c)
{
	uint32_t size = size_of(c->code);

	if (!fits(o, c))
		return;
	put_jump(o, BPF_JMP | BPF_JGT | BPF_K, X, 0, ROOM - size - c->k, SAY_UNSEEN);
	put(o, BPF_ALU64 | BPF_MOV | BPF_X, AT, X, 0, 0);
	put_sum(o, AT, c->k);
	put(o, BPF_ALU64 | BPF_MOV | BPF_X, END, AT, 0, 0);
	put_sum(o, END, size);
	put_jump(o, BPF_JMP | BPF_JGT | BPF_X, END, N_BYTES, 0, SAY_UNSEEN);
	put(o, BPF_ALU64 | BPF_ADD | BPF_X, AT, BYTES, 0, 0);
	put_load(o, c->code, A, AT, 0);
}

static int translate_load(struct output *o, const struct vb_classic *c)
{
	uint8_t dst = BPF_CLASS(c->code) == BPF_LD ? A : X;

	switch (c->code) {
	case BPF_LD | BPF_IMM:
	case BPF_LDX | BPF_IMM:
		put(o, BPF_ALU | BPF_MOV | BPF_K, dst, 0, 0, c->k);
		return 0;
	case BPF_LD | BPF_W | BPF_LEN:
	case BPF_LDX | BPF_W | BPF_LEN:
		put(o, BPF_ALU | BPF_MOV | BPF_X, dst, WIRE_LEN, 0, 0);
		return 0;
	case BPF_LD | BPF_MEM:
	case BPF_LDX | BPF_MEM:
		if (c->k >= BPF_MEMWORDS)
			return -EINVAL;
		put(o, BPF_LDX | BPF_MEM | BPF_W, dst, BYTES, (int32_t)(ROOM + 4 * c->k), 0);
		return 0;
	case BPF_LD | BPF_W | BPF_ABS:
	case BPF_LD | BPF_H | BPF_ABS:
	case BPF_LD | BPF_B | BPF_ABS:
		put_absolute(o, c, A);
		return 0;
	case BPF_LD | BPF_W | BPF_IND:
	case BPF_LD | BPF_H | BPF_IND:
	case BPF_LD | BPF_B | BPF_IND:
		put_indirect(o, c);
		return 0;
	case BPF_LDX | BPF_B | BPF_MSH:
		put_absolute(o, c, X);
		put(o, BPF_ALU | BPF_AND | BPF_K, X, 0, 0, 15);
		put(o, BPF_ALU | BPF_LSH | BPF_K, X, 0, 0, 2);
		return 0;
	default:
		return -ENOTSUP;
	}
}

static int translate_store(struct output *o, const struct vb_classic *c)
{
	if (c->k >= BPF_MEMWORDS)
		return -EINVAL;
	put(o, BPF_STX | BPF_MEM | BPF_W, BYTES, BPF_CLASS(c->code) == BPF_ST ? A : X,
	    (int32_t)(ROOM + 4 * c->k), 0);
	return 0;
}

/* ---- arithmetic ---- */

static int translate_by_x(struct output *o, uint32_t op)
{
	if (op == BPF_DIV || op == BPF_MOD) {
		put(o, BPF_JMP32 | BPF_JNE | BPF_K, X, 0, 2, 0);
		put_return(o, 0);
	} else if (op == BPF_LSH || op == BPF_RSH) {
		put(o, BPF_JMP32 | BPF_JLE | BPF_K, X, 0, 2, 31);
		put(o, BPF_ALU | BPF_MOV | BPF_K, A, 0, 0, 0);
		put(o, BPF_JMP | BPF_JA, 0, 0, 1, 0);
	}
	put(o, BPF_ALU | op | BPF_X, A, X, 0, 0);
	return 0;
}

static int translate_arithmetic(struct output *o, const struct vb_classic *c)
{
	uint32_t op = BPF_OP(c->code);

	if (op > BPF_XOR || c->code == (BPF_ALU | BPF_NEG | BPF_X))
		return -ENOTSUP;
	if (op == BPF_NEG) {
		put(o, BPF_ALU | BPF_NEG, A, 0, 0, 0);
		return 0;
	}
	if (BPF_SRC(c->code) == BPF_X)
		return translate_by_x(o, op);
	if (((op == BPF_DIV || op == BPF_MOD) && !c->k) ||
	    ((op == BPF_LSH || op == BPF_RSH) && c->k > 31))
		return -EINVAL;
	put(o, BPF_ALU | op | BPF_K, A, 0, 0, c->k);
	return 0;
}

/* ---- where it goes on ---- */

static int translate_jump(struct output *o, const struct vb_classic *c, size_t next, size_t n)
{
	uint32_t op = BPF_OP(c->code), src = BPF_SRC(c->code);
	const uint32_t *starts = o->starts + next;

	if (op == BPF_JA) {
		if (c->k >= n - next)
			return -EINVAL;
		put_jump(o, BPF_JMP | BPF_JA, 0, 0, 0, starts[c->k]);
		return 0;
	}
	if (c->jump_true >= n - next || c->jump_false >= n - next)
		return -EINVAL;
	if (op > BPF_JSET)
		return -ENOTSUP;
	put_jump(o, BPF_JMP32 | op | src, A, src == BPF_X ? X : 0, src == BPF_X ? 0 : c->k,
		 starts[c->jump_true]);
	if (c->jump_false)
		put_jump(o, BPF_JMP | BPF_JA, 0, 0, 0, starts[c->jump_false]);
	return 0;
}

static int translate_return(struct output *o, const struct vb_classic *c)
{
	if (BPF_RVAL(c->code) == BPF_A)
		put(o, BPF_JMP | BPF_EXIT, 0, 0, 0, 0);
	else if (BPF_RVAL(c->code) == BPF_K)
		put_return(o, c->k != 0);
	else
		return -ENOTSUP;
	return 0;
}

static int translate_misc(struct output *o, const struct vb_classic *c)
{
	bool to_x = BPF_MISCOP(c->code) == BPF_TAX;

	if (!to_x && BPF_MISCOP(c->code) != BPF_TXA)
		return -ENOTSUP;
	put(o, BPF_ALU | BPF_MOV | BPF_X, to_x ? X : A, to_x ? A : X, 0, 0);
	return 0;
}

static int translate(struct output *o, const struct vb_classic *c, size_t next, size_t n)
{
	switch (BPF_CLASS(c->code)) {
	case BPF_LD:
	case BPF_LDX:
		return translate_load(o, c);
	case BPF_ST:
	case BPF_STX:
		return translate_store(o, c);
	case BPF_ALU:
		return translate_arithmetic(o, c);
	case BPF_JMP:
		return translate_jump(o, c, next, n);
	case BPF_RET:
		return translate_return(o, c);
	default:
		return translate_misc(o, c);
	}
}

/* The first instructions lead to those left over, which nobody else does. */
static int translate_all(struct output *o, const struct vb_classic *program, size_t n)
{
	uint32_t rest = o->starts[n];
	int rc = 0;

	o->n = 0;
	put(o, BPF_ALU | BPF_MOV | BPF_K, A, 0, 0, 0);
	put(o, BPF_ALU | BPF_MOV | BPF_K, X, 0, 0, 0);
	put_jump(o, BPF_JMP32 | BPF_JNE | BPF_K, A, 0, 0, rest);
	for (size_t i = 0; i < n && !rc; i++) {
		o->starts[i] = o->n;
		rc = translate(o, &program[i], i + 1, n);
	}
	o->starts[n] = o->n;
	return rc;
}

int vb_classic_translate(const struct vb_classic *program, size_t n, struct bpf_insn *ret)
{
	const struct bpf_insn left = { .code = BPF_ALU | BPF_MOV | BPF_X,
				       .dst_reg = A,
				       .src_reg = UNSEEN };
	struct output o = { .to = ret };
	int rc;

	if (n > VB_BPF_FILTER_LEN)
		return -E2BIG; /* there may be less of it than it has */
	if (!n || BPF_CLASS(program[n - 1].code) != BPF_RET)
		return -EINVAL;
	rc = translate_all(&o, program, n);
	if (!rc && o.n >= VB_BPF_FILTER_LEN)
		rc = -E2BIG;
	if (rc)
		return rc;
	/* now it is known where each one stands */
	for (uint32_t i = 0; i < VB_BPF_FILTER_LEN; i++)
		ret[i] = left;
	return translate_all(&o, program, n);
}
