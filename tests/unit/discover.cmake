# SPDX-License-Identifier: GPL-2.0-or-later
#
# Ask a Criterion program for its tests and write them down for ctest:
# cmake -D PROGRAM=file -D OUT=file -D PREFIX=text -D LAUNCH=words -P discover.cmake
execute_process(COMMAND ${LAUNCH} ${PROGRAM} --list --ascii OUTPUT_VARIABLE list
	COMMAND_ERROR_IS_FATAL ANY)
string(REPLACE "\n" ";" lines "${list}")
set(text "# made by discover.cmake\n")
set(count 0)
foreach(line IN LISTS lines)
	if(line MATCHES "^([A-Za-z0-9_]+): [0-9]+ tests?$")
		set(suite ${CMAKE_MATCH_1})
	elseif(line MATCHES "^[^A-Za-z0-9_]+([A-Za-z0-9_]+)( .skipped.)?$")
		set(name ${PREFIX}${suite}::${CMAKE_MATCH_1})
		string(APPEND text "add_test([=[${name}]=] ")
		foreach(word IN LISTS LAUNCH)
			string(APPEND text "${word} ")
		endforeach()
		# Nothing run is no success. A test that says it cannot run here is not run: ctest lists it.
		string(APPEND text "[=[${PROGRAM}]=] --verbose --filter ${suite}/${CMAKE_MATCH_1})\n"
			"set_tests_properties([=[${name}]=] PROPERTIES LABELS unit TIMEOUT 180 "
			"FAIL_REGULAR_EXPRESSION \"Tested: 0 \" "
			"SKIP_REGULAR_EXPRESSION \"SKIP. ${suite}::${CMAKE_MATCH_1}: (no|only) \")\n")
		math(EXPR count "${count} + 1")
	endif()
endforeach()
if(count EQUAL 0)
	message(FATAL_ERROR "${PROGRAM} lists no test")
endif()
file(WRITE ${OUT} "${text}")
