/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The ACPI tables of the machine, as few as Linux needs: hardware-reduced, so no PM timer, no PIC and
 * no SCI; processors and I/O APIC; and the devices that are not discovered otherwise: the bus of
 * VMBus and COM1.
 */
#ifndef VB_ACPI_H
#define VB_ACPI_H

#include <stddef.h>
#include <stdint.h>

/* I/O ports that the tables promise; writes to them end the machine. */
#define VB_ACPI_RESET_PORT 0x600u
#define VB_ACPI_RESET_VALUE 0x01u
#define VB_ACPI_SLEEP_PORT 0x601u
#define VB_ACPI_SLEEP_ENABLE 0x20u
#define VB_ACPI_STATUS_PORT 0x602u

/*
 * Build the tables for n_cpus processors (APIC ids from 0) in area, which the guest sees at address
 * base (16-byte aligned, below 4 GiB). The RSDP is at base. 0; -ENOSPC: area_len is too small.
 */
int vb_acpi_build(uint8_t *area, size_t area_len, uint32_t base, uint32_t n_cpus);

#endif
