/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The few words of ACPI's machine language that describe devices. */
#ifndef VB_AML_H
#define VB_AML_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Written to at[0..cap); full: something did not fit, and the rest was not written. */
struct vb_aml {
	uint8_t *at;
	size_t len, cap;
	bool full;
};

/* Names have four characters. What is opened is ended with the value that opening returned. */
size_t vb_aml_scope(struct vb_aml *a, const char *name); /* below the root */
size_t vb_aml_device(struct vb_aml *a, const char *name);
void vb_aml_end(struct vb_aml *a, size_t opened);

void vb_aml_name_integer(struct vb_aml *a, const char *name, uint8_t value);
void vb_aml_name_string(struct vb_aml *a, const char *name, const char *value);
void vb_aml_name_eisa_id(struct vb_aml *a, const char *name, const char *id); /* "PNP0501" */
void vb_aml_name_package(struct vb_aml *a, const char *name, const uint8_t *values, uint8_t n);

/* _CRS: a buffer of resource descriptors. */
size_t vb_aml_resources(struct vb_aml *a);
void vb_aml_resources_end(struct vb_aml *a, size_t opened);
void vb_aml_memory_window(struct vb_aml *a, uint32_t first, uint32_t last); /* for children */
void vb_aml_irq(struct vb_aml *a, unsigned int irq);			    /* below 16 */
void vb_aml_ports(struct vb_aml *a, uint16_t first, uint8_t n);

#endif
