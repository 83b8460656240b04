/* Files that are not as they are written: a sentence each. */
#include <stdlib.h>
#include <unistd.h>

#include "compute/templates_layout.h"
#include "core/alloc.h"
#include "core/file.h"
#include "core/fingerprint.h"
#include "support/few_templates.h"
#include "support/scratch.h"

enum { COUNT = 30, PIXELS = 40, WORDS_AT = HR_TEMPLATES_KIND_SIZE };
enum { TILES_AT = WORDS_AT + HR_TEMPLATES_WORDS * sizeof(uint64_t) };
/* Of two templates in one tile and two targets: */
enum { MORE_AT = TILES_AT + HR_TILE_WORDS * 4 + 2 * 4 + 2 * 2 * 4 };

typedef struct fixture {
  scratch folder;
  char path[128];
  char *sound[2]; /* full, compact */
  size_t size[2];
} fixture;

static const few_templates *spectra;

static int set_up(void **state) {
  hr_error err;
  fixture *f = calloc(1, sizeof *f);
  few_templates *s = calloc(1, sizeof *s);
  double origin[COUNT] = {0};
  const hr_templates_notes notes = {.level = 1, .columns = 1, .origin = origin};
  const hr_templates_options options = {.weigh = HR_WEIGH_COMPONENTS};
  hr_templates *t = NULL;
  few_templates_init(s, 0);
  check_ok(hr_templates_create(COUNT, PIXELS, &options, hr_compute_default(), &t, &err));
  for (size_t i = 0; i < COUNT; i++) {
    const hr_template_label label = {3 + 0.1 * (double)i, i < 20 ? 0 : 1, 0};
    hr_templates_put(t, i, s->f + i * FEW_PIXELS, &label);
  }
  check_ok(hr_templates_finish(t, NULL, &err));
  scratch_init(&f->folder);
  snprintf(f->path, sizeof f->path, "%s/t.bin", f->folder.path);
  for (int compact = 0; compact < 2; compact++) {
    check_ok(hr_templates_save(t, &notes, compact, f->path, &err));
    check_ok(hr_file_read(f->path, 1 << 24, &f->sound[compact], &f->size[compact], &err));
  }
  hr_templates_destroy(&t);
  spectra = s;
  *state = f;
  return 0;
}

static int tear_down(void **state) {
  fixture *f = *state;
  scratch_fini(&f->folder);
  hr_free(f->sound[0]);
  hr_free(f->sound[1]);
  free(f);
  free((void *)(uintptr_t)spectra);
  return 0;
}

static hr_status load(const fixture *f, size_t pixels, hr_error *err) {
  hr_templates *t = NULL;
  hr_templates_notes notes = {0};
  hr_status status = hr_templates_load(f->path, pixels, 1, &t, &notes, err);
  assert_true((status == HR_OK) == (t != NULL));
  hr_templates_destroy(&t);
  hr_templates_notes_fini(&notes);
  return status;
}

/* The sound file with `size` bytes at `at` replaced, and cut to `length`; sealed anew. */
static void write_edited(const fixture *f, int compact, size_t at, const void *bytes,
                         size_t size, bool sealed) {
  hr_error err;
  char *copy = malloc(f->size[compact]);
  memcpy(copy, f->sound[compact], f->size[compact]);
  memcpy(copy + at, bytes, size);
  if (sealed) {
    size_t end = f->size[compact] - sizeof(uint64_t);
    uint64_t print = hr_fingerprint_bytes(hr_fingerprint_start(), copy, end);
    memcpy(copy + end, &print, sizeof print);
  }
  check_ok(hr_file_write(f->path, copy, f->size[compact], &err));
  free(copy);
}

static void check_sentence(const fixture *f, const char *format, hr_status status) {
  hr_error err;
  char sentence[400];
  snprintf(sentence, sizeof sentence, "%s%s", f->path, format);
  check_fails(load(f, PIXELS, &err), status, sentence);
}

static const char damaged[] =
    " is damaged: it does not agree with itself; copy the model again, or run the study "
    "again";

/* The same of the file that is there. */
static void edit_in_place(const fixture *f, size_t at, const void *bytes, size_t size) {
  hr_error err;
  char *text = NULL;
  size_t length = 0;
  check_ok(hr_file_read(f->path, 1 << 24, &text, &length, &err));
  memcpy(text + at, bytes, size);
  uint64_t print =
      hr_fingerprint_bytes(hr_fingerprint_start(), text, length - sizeof print);
  memcpy(text + length - sizeof print, &print, sizeof print);
  check_ok(hr_file_write(f->path, text, length, &err));
  hr_free(text);
}

static void what_is_sound_is_loaded(void **state) {
  const fixture *f = *state;
  hr_error err;
  for (int compact = 0; compact < 2; compact++) {
    write_edited(f, compact, 0, "", 0, false);
    check_ok(load(f, PIXELS, &err));
  }
}

static void what_is_not_there_is_told(void **state) {
  const fixture *f = *state;
  hr_error err;
  char sentence[300];
  unlink(f->path);
  snprintf(sentence, sizeof sentence, "cannot open %s: No such file or directory",
           f->path);
  check_fails(load(f, PIXELS, &err), HR_ERR_MISSING, sentence);
  hr_templates *t = NULL;
  hr_templates_notes notes = {0};
  snprintf(sentence, sizeof sentence, "%s is not a file", f->folder.path);
  check_fails(hr_templates_load(f->folder.path, PIXELS, 1, &t, &notes, &err),
              HR_ERR_MISSING, sentence);
}

static void other_files_are_told(void **state) {
  const fixture *f = *state;
  hr_error err;
  char sentence[300];
  check_ok(hr_file_write(f->path, "", 0, &err));
  check_sentence(f, " has 0 bytes, too few for templates", HR_ERR_FORMAT);
  write_edited(f, 0, 0, "hrcnn/1\n", 8, true);
  check_sentence(f, " is not a file of templates", HR_ERR_FORMAT);
  write_edited(f, 0, 7, "2", 1, true);
  check_sentence(f, " is of another version than this program reads; run the study again",
                 HR_ERR_FORMAT);
  write_edited(f, 0, 0, "", 0, false);
  snprintf(sentence, sizeof sentence,
           "%s has templates of 40 pixels and 1 targets, not of 41 and 1: it belongs to "
           "another model",
           f->path);
  check_fails(load(f, PIXELS + 1, &err), HR_ERR_FORMAT, sentence);
}

/* Two targets: the file of other labels, and their mean that is no number. */
static void further_targets_are_not_believed_either(void **state) {
  const fixture *f = *state;
  hr_error err;
  char sentence[300];
  float x[PIXELS] = {0};
  hr_templates *t = NULL;
  hr_templates_notes notes = {.level = 1};
  const hr_templates_options options = {.weigh = HR_WEIGH_PIXELS, .targets = 2};
  check_ok(hr_templates_create(2, PIXELS, &options, hr_compute_default(), &t, &err));
  for (size_t i = 0; i < 2; i++) {
    hr_templates_put(t, i, x, &(hr_template_label){(double)i, 0, 0});
    hr_templates_put_target(t, i, 1, 5 + (double)i);
  }
  check_ok(hr_templates_finish(t, NULL, &err));
  check_ok(hr_templates_save(t, &notes, false, f->path, &err));
  hr_templates_destroy(&t);
  check_ok(hr_templates_load(f->path, PIXELS, 2, &t, &notes, &err));
  hr_templates_destroy(&t);
  hr_templates_notes_fini(&notes);
  snprintf(sentence, sizeof sentence,
           "%s has templates of 40 pixels and 2 targets, not of 40 and 1: it belongs to "
           "another model",
           f->path);
  check_fails(load(f, PIXELS, &err), HR_ERR_FORMAT, sentence);
  const double bad[] = {(double)NAN, 1e40};
  for (size_t i = 0; i < 2; i++) {
    edit_in_place(f, MORE_AT, &bad[i], sizeof bad[i]);
    snprintf(sentence, sizeof sentence, "%s%s", f->path, damaged);
    check_fails(hr_templates_load(f->path, PIXELS, 2, &t, &notes, &err), HR_ERR_FORMAT,
                sentence);
  }
}

static void a_file_that_was_cut_is_told(void **state) {
  const fixture *f = *state;
  hr_error err;
  char sentence[300];
  check_ok(hr_file_write(f->path, f->sound[0], f->size[0] - 1, &err));
  snprintf(sentence, sizeof sentence,
           " has %zu bytes, and what it describes takes %zu: copy the model again",
           f->size[0] - 1, f->size[0]);
  check_sentence(f, sentence, HR_ERR_FORMAT);
}

/* A count of 2^60, of 2^40: no product overflows, and no memory is taken. */
static void counts_that_cannot_be_are_told(void **state) {
  const fixture *f = *state;
  static const int words[] = {
      HR_TEMPLATES_COUNT, HR_TEMPLATES_TILES,      HR_TEMPLATES_COLUMNS,
      HR_TEMPLATES_KEPT,  HR_TEMPLATES_COMPONENTS, HR_TEMPLATES_COEFFICIENTS,
      HR_TEMPLATES_WEIGH, HR_TEMPLATES_AMPLITUDE,  HR_TEMPLATES_COMPACT};
  for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
    const uint64_t huge = (uint64_t)1 << 60;
    write_edited(f, 1, WORDS_AT + (size_t)words[i] * sizeof huge, &huge, sizeof huge,
                 true);
    check_sentence(f, damaged, HR_ERR_FORMAT);
  }
  const double bad[] = {(double)NAN, -1, (double)INFINITY};
  for (size_t i = 0; i < 3; i++) {
    write_edited(f, 1, WORDS_AT + HR_TEMPLATES_LEAST_EFFECTIVE * sizeof bad[i], &bad[i],
                 sizeof bad[i], true);
    check_sentence(f, damaged, HR_ERR_FORMAT);
  }
}

static void tiles_and_slots_that_cannot_be_are_told(void **state) {
  const fixture *f = *state;
  const uint32_t bad[] = {0, 2000, UINT32_MAX};
  for (size_t word = 0; word < HR_TILE_WORDS; word++) {
    for (size_t i = word == HR_TILE_GROUP ? 2 : 0; i < 3; i++) {
      write_edited(f, 1, TILES_AT + word * sizeof bad[i], &bad[i], sizeof bad[i], true);
      check_sentence(f, damaged, HR_ERR_FORMAT);
    }
  }
  size_t slots_at = TILES_AT + 2 * HR_TILE_WORDS * sizeof(uint32_t);
  uint32_t second = 0;
  memcpy(&second, f->sound[1] + slots_at + sizeof second, sizeof second);
  write_edited(f, 1, slots_at, &second, sizeof second, true);
  check_sentence(f, damaged, HR_ERR_FORMAT);
  write_edited(f, 1, slots_at, &bad[2], sizeof bad[2], true);
  check_sentence(f, damaged, HR_ERR_FORMAT);
}

static void a_byte_that_changed_is_told(void **state) {
  const fixture *f = *state;
  for (int compact = 0; compact < 2; compact++) {
    size_t at = f->size[compact] - 100;
    char other = (char)(f->sound[compact][at] ^ 1);
    write_edited(f, compact, at, &other, 1, false);
    check_sentence(f, damaged, HR_ERR_FORMAT);
  }
}

static void what_is_not_finite_is_told(void **state) {
  const fixture *f = *state;
  const float nan = NAN;
  size_t labels_at = TILES_AT + (2 * HR_TILE_WORDS + COUNT) * sizeof(uint32_t); /* fp32 */
  write_edited(f, 1, labels_at, &nan, sizeof nan, true);
  check_sentence(f, " has a number that is not finite; run the study again",
                 HR_ERR_FORMAT);
  write_edited(f, 0, f->size[0] - 12, &nan, sizeof nan, true);
  check_sentence(f, " has a number that is not finite; run the study again",
                 HR_ERR_FORMAT);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(what_is_sound_is_loaded),
      cmocka_unit_test(what_is_not_there_is_told),
      cmocka_unit_test(other_files_are_told),
      cmocka_unit_test(further_targets_are_not_believed_either),
      cmocka_unit_test(a_file_that_was_cut_is_told),
      cmocka_unit_test(counts_that_cannot_be_are_told),
      cmocka_unit_test(tiles_and_slots_that_cannot_be_are_told),
      cmocka_unit_test(a_byte_that_changed_is_told),
      cmocka_unit_test(what_is_not_finite_is_told),
  };
  return cmocka_run_group_tests(tests, set_up, tear_down);
}
