/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Wireshark's headers, and what differs between its versions 4.0, 4.4 and 4.6. */
#ifndef VB_PLUGIN_COMPAT_H
#define VB_PLUGIN_COMPAT_H

#include <wireshark.h>
#include <ws_version.h>

#include <epan/conversation_table.h>
#include <epan/decode_as.h>
#include <epan/exceptions.h>
#include <epan/expert.h>
#include <epan/packet.h>
#include <epan/prefs.h>
#include <epan/proto_data.h>
#include <epan/show_exception.h>
#include <epan/tap.h>
#include <epan/unit_strings.h>
#include <wsutil/report_message.h>

/* behind what it needs, and does not include */
#include <epan/prefs-int.h>

/* Debian's package of 4.0 lacks it. */
#if __has_include(<wsutil/plugins.h>)
#include <wsutil/plugins.h>
typedef bool vb_pref_bool;
#else
#define WS_PLUGIN_DESC_DISSECTOR 0
typedef gboolean vb_pref_bool;
#endif

/* What Wireshark looks for in a plugin: later than 4.6 one symbol, before that several. */
#ifdef WIRESHARK_PLUGIN_REGISTER_EPAN
#define VB_PLUGIN_ENTRY(register_all)                                                              \
	static struct ws_module module = {                                                         \
		.flags = WS_PLUGIN_DESC_DISSECTOR,                                                 \
		.version = VB_TOOLS_VERSION,                                                       \
		.spdx_id = "GPL-2.0-or-later",                                                     \
		.register_cb = register_all,                                                       \
	};                                                                                         \
	WIRESHARK_PLUGIN_REGISTER_EPAN(&module, 0)
#else
#define VB_EXPORT __attribute__((visibility("default")))
#define VB_PLUGIN_ENTRY(register_all)                                                              \
	VB_EXPORT const char plugin_version[] = VB_TOOLS_VERSION;                                  \
	VB_EXPORT const int plugin_want_major = WIRESHARK_VERSION_MAJOR;                           \
	VB_EXPORT const int plugin_want_minor = WIRESHARK_VERSION_MINOR;                           \
	VB_EXPORT void plugin_register(void)                                                       \
	{                                                                                          \
		register_all();                                                                    \
	}                                                                                          \
	VB_EXPORT uint32_t plugin_describe(void)                                                   \
	{                                                                                          \
		return WS_PLUGIN_DESC_DISSECTOR;                                                   \
	}
#endif

#endif
