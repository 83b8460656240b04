#include "data/inspect_parts.h"

#include <unistd.h>

#include "support/shards.h"

/* What a child process says of a file is what this one says. */
static void the_guarded_way_says_the_same(void **state) {
  (void)state;
  char path[256];
  hr_error err = {0};
  hr_inspection *it = NULL;
  char *text = NULL;
  bool is_usable = false;
  shard_spec spec = shard_spec_default(shard_path(path, sizeof path, "guarded.h5"));
  shard_write(&spec);
  check_ok(hr_inspect(path, NULL, &it, &err));
  check_ok(hr_inspect_guarded(path, NULL, &is_usable, &text, &err));
  assert_string_equal(text, it->text);
  assert_true(is_usable && it->is_usable);
  hr_text_free(text);
  hr_inspection_destroy(&it);
  spec.rows = 0;
  shard_write(&spec);
  hr_inspect_options quick = hr_inspect_options_default();
  quick.skip_spectra = true;
  check_ok(hr_inspect(path, &quick, &it, &err));
  check_ok(hr_inspect_guarded(path, &quick, &is_usable, &text, &err));
  assert_string_equal(text, it->text);
  assert_false(is_usable || it->is_usable);
  hr_text_free(text);
  hr_inspection_destroy(&it);
  unlink(path);
  text = NULL;
  hr_error other = {0};
  assert_int_equal(hr_inspect(path, NULL, &it, &other), HR_ERR_MISSING);
  check_fails(hr_inspect_guarded(path, NULL, &is_usable, &text, &err), HR_ERR_MISSING,
              other.message);
  assert_null(text);
}

static bool wants_to_stop(void *context) {
  (void)context;
  return true;
}

/* The observer is asked in this process while the child works. */
static void the_child_can_be_stopped(void **state) {
  (void)state;
  char path[256];
  hr_error err = {0};
  char *text = NULL;
  bool is_usable = false;
  const hr_observer observer = {.interrupted = wants_to_stop};
  hr_inspect_options options = hr_inspect_options_default();
  options.observer = &observer;
  shard_spec spec = shard_spec_default(shard_path(path, sizeof path, "guarded.h5"));
  shard_write(&spec);
  assert_int_equal(hr_inspect_guarded(path, &options, &is_usable, &text, &err),
                   HR_ERR_INTERRUPTED);
  assert_null(text);
  unlink(path);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_guarded_way_says_the_same),
      cmocka_unit_test(the_child_can_be_stopped),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
