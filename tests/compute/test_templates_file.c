/* Templates on disk and back: in full with the same bytes, compact nearly so. */
#include "compute/templates_file.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/alloc.h"
#include "support/fail_alloc.h"
#include "support/few_templates.h"
#include "support/scratch.h"

enum { ROWS = HR_QUERY_ROWS };

typedef struct fixture {
  few_templates smooth, rough;
  scratch folder;
} fixture;

static int set_up(void **state) {
  fixture *f = calloc(1, sizeof *f);
  few_templates_init(&f->smooth, 0);
  few_templates_init(&f->rough, 0.001F);
  scratch_init(&f->folder);
  *state = f;
  return 0;
}

static int tear_down(void **state) {
  fixture *f = *state;
  scratch_fini(&f->folder);
  free(f);
  return 0;
}

static hr_templates_notes make_notes(void) {
  hr_error err;
  hr_templates_notes notes = {.level = 0.5, .columns = 2};
  check_ok(hr_alloc(&notes.origin, 2 * FEW_TEMPLATES, &err));
  for (size_t i = 0; i < 2 * FEW_TEMPLATES; i++) notes.origin[i] = 7 * (double)i;
  return notes;
}

static hr_templates *save_and_load(fixture *f, const hr_templates *templates,
                                   bool compact) {
  hr_error err;
  hr_templates_notes notes = make_notes(), found = {0};
  hr_templates *loaded = NULL;
  const char *path = scratch_name(&f->folder, "t.bin");
  check_ok(hr_templates_save(templates, &notes, compact, path, &err));
  size_t targets = hr_templates_targets(templates);
  check_ok(hr_templates_load(path, FEW_PIXELS, targets, &loaded, &found, &err));
  check_near(found.level, 0.5, 0);
  assert_int_equal(found.columns, 2);
  assert_memory_equal(found.origin, notes.origin, 2 * FEW_TEMPLATES * sizeof(double));
  assert_int_equal(hr_templates_count(loaded), FEW_TEMPLATES);
  int32_t group[FEW_TEMPLATES], wanted[FEW_TEMPLATES];
  hr_templates_list_groups(loaded, group);
  hr_templates_list_groups(templates, wanted);
  assert_memory_equal(group, wanted, sizeof group);
  for (size_t i = 0; i < FEW_TEMPLATES; i++) {
    assert_int_equal(group[i], f->smooth.label[i].group);
  }
  hr_templates_notes_fini(&notes);
  hr_templates_notes_fini(&found);
  return loaded;
}

static void compare(const fixture *f, const hr_templates *templates, hr_posterior *own,
                    hr_posterior *all) {
  hr_error err;
  const few_templates *s = &f->smooth;
  hr_templates_workspace *work = NULL;
  const hr_query query = {.rows = ROWS,
                          .x = s->x,
                          .error = s->error,
                          .level = 1,
                          .group = s->group,
                          .fold = s->fold};
  check_ok(hr_templates_workspace_create(templates, &work, &err));
  check_ok(hr_templates_compare(templates, work, &query, own, all, &err));
  hr_templates_workspace_destroy(&work);
}

enum { MOST_TARGETS = 3 };
static const hr_templates_options ways[] = {
    {.weigh = HR_WEIGH_PIXELS, .targets = 1},
    {.weigh = HR_WEIGH_COMPONENTS, .least_effective = 20, .targets = MOST_TARGETS},
    {.weigh = HR_WEIGH_COMPONENTS, .amplitude = HR_AMPLITUDE_FLAT, .targets = 2},
    {.weigh = HR_WEIGH_PIXELS,
     .targets = 1,
     .amplitude = HR_AMPLITUDE_GAUSSIAN,
     .amplitude_sigma = 0.1},
};
enum { WAYS = sizeof ways / sizeof ways[0] };

static void in_full_they_give_the_same_bytes(void **state) {
  fixture *f = *state;
  static hr_posterior own[2][ROWS * MOST_TARGETS], all[2][ROWS * MOST_TARGETS];
  for (size_t way = 0; way < WAYS; way++) {
    hr_templates *templates = few_templates_make(&f->rough, &ways[way]);
    hr_templates *loaded = save_and_load(f, templates, false);
    hr_templates *again = save_and_load(f, loaded, false);
    assert_memory_equal(hr_templates_options_of(loaded), &ways[way], sizeof ways[way]);
    compare(f, templates, own[0], all[0]);
    compare(f, again, own[1], all[1]);
    assert_memory_equal(own[0], own[1], sizeof own[0]);
    assert_memory_equal(all[0], all[1], sizeof all[0]);
    hr_templates_destroy(&templates);
    hr_templates_destroy(&loaded);
    hr_templates_destroy(&again);
  }
}

static off_t size_of(fixture *f) {
  struct stat info;
  assert_int_equal(stat(scratch_name(&f->folder, "t.bin"), &info), 0);
  return info.st_size;
}

static void compact_they_give_nearly_the_same(void **state) {
  fixture *f = *state;
  static hr_posterior own[2][ROWS * MOST_TARGETS], all[2][ROWS * MOST_TARGETS];
  for (size_t way = 0; way < 2 * WAYS; way++) {
    const few_templates *made = way < WAYS ? &f->smooth : &f->rough;
    hr_templates *templates = few_templates_make(made, &ways[way % WAYS]);
    hr_templates *loaded = save_and_load(f, templates, false);
    off_t full = size_of(f);
    hr_templates_destroy(&loaded);
    loaded = save_and_load(f, templates, true);
    /* Components of so few pixels take as much as the pixels. */
    if (ways[way % WAYS].weigh == HR_WEIGH_COMPONENTS) assert_true(size_of(f) < full);
    compare(f, templates, own[0], all[0]);
    compare(f, loaded, own[1], all[1]);
    size_t targets = hr_templates_targets(templates);
    for (size_t i = 0; i < ROWS * targets; i++) {
      double spread = i % targets == 0 ? 1 : 10; /* of the label */
      check_near(all[1][i].mean, all[0][i].mean, 1e-4 * spread);
      check_near(all[1][i].variance, all[0][i].variance, 1e-4 * spread * spread);
      check_near(all[1][i].chi2, all[0][i].chi2, 1e-4);
      if (isnan(own[0][i].mean)) continue;
      check_near(own[1][i].mean, own[0][i].mean, 1e-4 * spread);
    }
    hr_templates_destroy(&templates);
    hr_templates_destroy(&loaded);
  }
}

static hr_status save_again(const hr_templates *templates,
                            const hr_templates_notes *notes, const char *path) {
  hr_error err;
  return hr_templates_save(templates, notes, true, path, &err);
}

static hr_status load_again(const char *path) {
  hr_error err;
  hr_templates *loaded = NULL;
  hr_templates_notes notes = {0};
  hr_status status = hr_templates_load(path, FEW_PIXELS, 1, &loaded, &notes, &err);
  hr_templates_destroy(&loaded);
  hr_templates_notes_fini(&notes);
  return status;
}

static void allocations_may_fail(void **state) {
  fixture *f = *state;
  hr_templates_notes notes = make_notes();
  hr_templates *templates = few_templates_make(&f->rough, &ways[0]);
  const char *path = scratch_name(&f->folder, "t.bin");
  check_alloc_failures(save_again(templates, &notes, path));
  check_alloc_failures(load_again(path));
  hr_templates_destroy(&templates);
  hr_templates_notes_fini(&notes);
}

static void a_folder_that_is_not_there_is_told(void **state) {
  fixture *f = *state;
  hr_error err;
  hr_templates_notes notes = make_notes();
  hr_templates *templates = few_templates_make(&f->smooth, &ways[0]);
  char path[128], sentence[300];
  snprintf(path, sizeof path, "%s/none/t.bin", f->folder.path);
  snprintf(sentence, sizeof sentence, "cannot write %s: No such file or directory", path);
  check_fails(hr_templates_save(templates, &notes, false, path, &err), HR_ERR_IO,
              sentence);
  hr_templates_destroy(&templates);
  hr_templates_notes_fini(&notes);
}

/* What cannot be written whole is not there. */
static void a_full_disk_leaves_nothing(void **state) {
  fixture *f = *state;
  hr_error err;
  hr_templates_notes notes = make_notes();
  hr_templates *templates = few_templates_make(&f->smooth, &ways[0]);
  char path[128], part[140], sentence[300];
  snprintf(path, sizeof path, "%s/full.bin", f->folder.path);
  snprintf(part, sizeof part, "%s.part", path);
  snprintf(sentence, sizeof sentence, "cannot write %s: No space left on device", path);
  assert_int_equal(symlink("/dev/full", part), 0);
  check_fails(hr_templates_save(templates, &notes, false, path, &err), HR_ERR_IO,
              sentence);
  assert_true(access(path, F_OK) != 0 && access(part, F_OK) != 0);
  hr_templates_destroy(&templates);
  hr_templates_notes_fini(&notes);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(in_full_they_give_the_same_bytes),
      cmocka_unit_test(compact_they_give_nearly_the_same),
      cmocka_unit_test(allocations_may_fail),
      cmocka_unit_test(a_folder_that_is_not_there_is_told),
      cmocka_unit_test(a_full_disk_leaves_nothing),
  };
  return cmocka_run_group_tests(tests, set_up, tear_down);
}
