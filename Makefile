# SPDX-License-Identifier: GPL-2.0-or-later
#
# Thin: cmake builds, ctest tests. "make" needs no root; demo, check and check-full install the
# packages that are missing, so they want root on a machine that lacks some: sudo make check

JOBS := $(shell nproc)
BUILD := $(CURDIR)/build
export VB_BUILD := $(BUILD)
MAKEFLAGS += --no-print-directory

# $(call build,PRESET)
build = cmake --preset $1 && cmake --build --preset $1 --parallel $(JOBS)
# after sudo, the build directory belongs to the user again
disown = [ -z "$$SUDO_UID" ] || chown -R "$$SUDO_UID:$$SUDO_GID" $(BUILD)

# what the tests measured, and ctest's verdict once more
digest = echo; grep -ahE '^(sizes|layout|fuzz): |^equal: .* compared,|^prove: .* (holds$$|AGAIN)|^boot: AGAIN' Testing/Temporary/LastTest.log; \
	echo; grep -a 'tests passed' log

all:
	@command -v cmake >/dev/null || { echo "cmake is missing: sudo make packages"; exit 1; }
	$(call build,release)

packages:
	@tests/need build optional

demo:
	@tests/need build optional lab
	$(call build,release)
	tests/replay/demo $(BUILD); status=$$?; $(disown); exit $$status

# One ctest run over all build trees.
check:
	@tests/need build optional check plugin lab
	$(call build,release)
	$(call build,debug)
	$(call build,fuzz)
	@mkdir -p $(BUILD)/check
	@printf 'subdirs("%s")\n' .. ../debug ../fuzz >$(BUILD)/check/CTestTestfile.cmake
	@cd $(BUILD)/check && ctest --parallel $(JOBS) --output-on-failure --no-tests=error \
		--output-log log $(CTEST); status=$$?; $(disown); $(digest); exit $$status

check-full:
	@tests/need build optional check plugin lab full
	tests/check-full; status=$$?; $(disown); exit $$status

clean:
	rm -rf $(BUILD)

.PHONY: all packages demo check check-full clean
