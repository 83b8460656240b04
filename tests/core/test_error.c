#include "core/error.h"

#include <errno.h>

#include "support/check.h"

static void test_every_status_is_described(void **state) {
  (void)state;
  static const hr_status all[] = {
#define NAME_ONLY(name, exit_code, sentence) name,
      HR_STATUS_LIST(NAME_ONLY)
#undef NAME_ONLY
  };
  for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
    assert_int_equal(all[i], i);
    assert_memory_equal(hr_status_name(all[i]), "HR_", 3);
    assert_true(strlen(hr_status_sentence(all[i])) > 3);
  }
}

/* Exit codes are promised to scripts (docs/man/headroom.1): here to the letter. */
static void test_exit_codes(void **state) {
  (void)state;
  assert_int_equal(hr_status_exit_code(HR_OK), 0);
  assert_int_equal(hr_status_exit_code(HR_ERR_USAGE), 2);
  assert_int_equal(hr_status_exit_code(HR_ERR_CONFIG), 2);
  assert_int_equal(hr_status_exit_code(HR_ERR_MISSING), 3);
  assert_int_equal(hr_status_exit_code(HR_ERR_FORMAT), 3);
  assert_int_equal(hr_status_exit_code(HR_ERR_DATA), 3);
  assert_int_equal(hr_status_exit_code(HR_ERR_EMPTY), 3);
  assert_int_equal(hr_status_exit_code(HR_ERR_IO), 4);
  assert_int_equal(hr_status_exit_code(HR_ERR_MEMORY), 4);
  assert_int_equal(hr_status_exit_code(HR_ERR_NUMERIC), 4);
  assert_int_equal(hr_status_exit_code(HR_ERR_LEDGER), 4);
  assert_int_equal(hr_status_exit_code(HR_ERR_INTERNAL), 4);
  assert_int_equal(hr_status_exit_code(HR_ERR_INTERRUPTED), 130);
  assert_int_equal(hr_status_exit_code(HR_ERR_LOST), 5);
}

static void test_unknown_statuses(void **state) {
  (void)state;
  assert_string_equal(hr_status_name((hr_status)999), "unknown");
  assert_string_equal(hr_status_sentence((hr_status)999), "unknown status");
  assert_int_equal(hr_status_exit_code((hr_status)999), 4);
  assert_string_equal(hr_status_name((hr_status)-1), "unknown");
}

static void test_fail_writes_the_sentence(void **state) {
  (void)state;
  hr_error err = {0};
  check_fails(hr_fail(&err, HR_ERR_DATA, "row %d of %s", 7, "a.h5"), HR_ERR_DATA,
              "row 7 of a.h5");
  check_fails(hr_fail_errno(&err, HR_ERR_IO, ENOENT, "cannot open %s", "a.h5"), HR_ERR_IO,
              "cannot open a.h5: No such file or directory");
}

static void test_no_error_is_wanted(void **state) {
  (void)state;
  assert_int_equal(hr_fail(NULL, HR_ERR_DATA, "row %d", 7), HR_ERR_DATA);
  assert_int_equal(hr_fail_errno(NULL, HR_ERR_IO, ENOENT, "file %d", 7), HR_ERR_IO);
}

static void test_control_characters_stay_out(void **state) {
  (void)state;
  hr_error err = {0};
  check_fails(hr_fail(&err, HR_ERR_DATA, "column '%s'", "a\nb\x1b[31m\x7f"), HR_ERR_DATA,
              "column 'a?b?[31m?'");
  check_fails(hr_fail(&err, HR_ERR_DATA, "column '%s'",
                      "\xff\xe6\x98\x9f\xc2\x9b"
                      "1m\xed\xa0\x80"),
              HR_ERR_DATA,
              "column '?\xe6\x98\x9f?" /* not a trigraph */
              "?1m???"
              "'");
}

static void test_long_sentences_are_cut(void **state) {
  (void)state;
  hr_error err = {0};
  char name[3 * HR_ERROR_MESSAGE_BYTES];
  memset(name, 'x', sizeof name);
  name[sizeof name - 1] = '\0';
  assert_int_equal(hr_fail(&err, HR_ERR_DATA, "%s", name), HR_ERR_DATA);
  assert_int_equal(strlen(err.message), HR_ERROR_MESSAGE_BYTES - 1);
  assert_int_equal(hr_fail_errno(&err, HR_ERR_IO, ENOENT, "%s", name), HR_ERR_IO);
  assert_int_equal(strlen(err.message), HR_ERROR_MESSAGE_BYTES - 1);
}

/* A three-byte character (U+4E2D) at each offset across the cut is whole or not there. */
static void test_cuts_between_characters(void **state) {
  (void)state;
  for (int before = 1018; before <= 1023; before++) {
    hr_error err = {0};
    char pad[HR_ERROR_MESSAGE_BYTES];
    memset(pad, 'x', sizeof pad);
    assert_int_equal(
        hr_fail(&err, HR_ERR_DATA, "%.*s\xe4\xb8\xad%s", before, pad, "tail of the text"),
        HR_ERR_DATA);
    size_t length = strlen(err.message);
    if (before <= 1020) {
      assert_int_equal(length, HR_ERROR_MESSAGE_BYTES - 1);
      assert_memory_equal(err.message + before, "\xe4\xb8\xad", 3);
    } else {
      assert_int_equal(length, before);
    }
  }
}

/* HR_TRY leaves at the first failure and keeps its status. */
static hr_status try_three(int failing, int *reached, hr_error *err) {
  hr_status status = HR_OK;
  for (*reached = 1; *reached <= 3; (*reached)++) {
    HR_TRY(*reached == failing ? hr_fail(err, HR_ERR_EMPTY, "at %d", failing) : HR_OK);
  }
cleanup:
  return status;
}

static void test_try(void **state) {
  (void)state;
  hr_error err = {0};
  int reached = 0;
  check_ok(try_three(0, &reached, &err));
  assert_int_equal(reached, 4);
  check_fails(try_three(2, &reached, &err), HR_ERR_EMPTY, "at 2");
  assert_int_equal(reached, 2);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_every_status_is_described),
      cmocka_unit_test(test_exit_codes),
      cmocka_unit_test(test_unknown_statuses),
      cmocka_unit_test(test_fail_writes_the_sentence),
      cmocka_unit_test(test_no_error_is_wanted),
      cmocka_unit_test(test_control_characters_stay_out),
      cmocka_unit_test(test_long_sentences_are_cut),
      cmocka_unit_test(test_cuts_between_characters),
      cmocka_unit_test(test_try),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
