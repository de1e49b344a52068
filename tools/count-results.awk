# Reads the output of test programs and prints "PASSED FAILED SKIPPED". Understands cmocka's closing lines,
# Node's test runner and a line "N passed, N failed"; splits Meson's test log into its programs.
# A program that ends badly without a failed test counts as one failure, a program that counts
# nothing and ends well as one passed test. Give the exit status of a single program as -v status=N.

function close_program() {
    if (!open) return
    if (!ended_well && failed == 0) failed = 1
    if (ended_well && passed + failed + skipped == 0) passed = 1
    all_passed += passed
    all_failed += failed
    passed = failed = 0
}

BEGIN {
    ended_well = (status == 0)
    open = (status != "")
}

/^test: / { close_program(); open = 1; ended_well = 0 }
/^result: / { ended_well = ($0 ~ /exit status 0$/) }
/^\[  PASSED  \] [0-9]+ test\(s\)/ { passed += $4 }
/^\[  FAILED  \] [0-9]+ test\(s\)/ { failed += $4 }
/^(#|ℹ) pass [0-9]+$/ { passed += $3 }
/^(#|ℹ) (fail|cancelled) [0-9]+$/ { failed += $3 }
/^\[  SKIPPED \] [0-9]+ test\(s\)/ { skipped += $4 }
/^(#|ℹ) skipped [0-9]+$/ { skipped += $3 }
/^[0-9]+ passed, [0-9]+ failed/ { passed += $1; failed += $3 }

END {
    close_program()
    print all_passed + 0, all_failed + 0, skipped + 0
}
