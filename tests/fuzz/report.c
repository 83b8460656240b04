/* A run directory's results.json, up to the first 0 byte of the input, and behind that
 * its predictions.csv, given the fingerprint and the seal that make a reader believe
 * them; or edits of a sound study. All that a report is made of but the figures. */
#include <string.h>

#include "core/seal.h"
#include "fuzz/fuzz.h"
#include "report/html.h"
#include "report/markdown.h"
#include "report/run_results.h"
#include "report/source.h"
#include "report/terminal.h"

/* Few edits reach all tables; hundreds only leave nothing to report on, slowly. */
enum { EDIT_BYTES = 3, MOST_EDITS = 8 };

static json_t *replacement(unsigned choice, json_t *old) {
  switch (choice % 16) {
    case 0:
      return json_null();
    case 1:
      return json_true();
    case 2:
      return json_false();
    case 3:
      return json_integer(-1);
    case 4:
      return json_integer(0);
    case 5:
      return json_integer(INT64_MAX);
    case 6:
      return json_real(-1e308);
    case 7:
      return json_real(5e-324);
    case 8:
      return json_string("");
    case 9:
      return json_string("oracle_hybrid_cv");
    case 10:
      return json_string("a|b\n<script>&\xe6\x98\x9f\x1b[2J`**%s\\");
    case 11:
      return json_array();
    case 12:
      return json_object();
    case 13:
      return json_pack("[o, o]", json_deep_copy(old), json_deep_copy(old));
    case 14:
      return json_is_number(old) ? json_real(2 * json_number_value(old)) : json_real(0.5);
    default:
      return NULL; /* gone */
  }
}

/* Replaces value number *which below `parent`, counted in the order of the file. */
static void edit(json_t *parent, unsigned *which, unsigned choice) {
  const char *key = NULL;
  void *next = NULL;
  json_t *value = NULL;
  for (size_t i = 0; i < json_array_size(parent); i++) {
    value = json_array_get(parent, i);
    if ((*which)-- == 0) {
      json_t *fresh = replacement(choice, value);
      if (fresh) json_array_set_new(parent, i, fresh);
      if (!fresh) json_array_remove(parent, i);
      return;
    }
    edit(value, which, choice);
    if (*which > UINT16_MAX) return;
  }
  json_object_foreach_safe(parent, next, key, value) {
    if ((*which)-- == 0) {
      json_t *fresh = replacement(choice, value);
      if (fresh) json_object_set_new(parent, key, fresh);
      if (!fresh) json_object_del(parent, key);
      return;
    }
    edit(value, which, choice);
    if (*which > UINT16_MAX) return;
  }
}

/* The sound study that edits are made of, read once. */
typedef struct sound_study {
  json_t *root;
  char rows_path[128];
  char print[HR_SEAL_SIZE]; /* of its rows */
} sound_study;

static const sound_study *get_sound_study(void) {
  static sound_study study;
  static char bytes[1 << 16];
  if (study.root) return &study;
  FILE *file = fopen(HR_FUZZ_SEEDS "/report/tiny-en", "rb");
  fuzz_require(file);
  size_t size = fread(bytes, 1, sizeof bytes - 1, file);
  fclose(file);
  size_t json_size = strlen(bytes), rows_size = size - json_size - 1;
  const char *rows = bytes + json_size + 1;
  fuzz_write(study.rows_path, sizeof study.rows_path, "sound.csv", rows, rows_size);
  hr_seal_bytes(rows, rows_size, study.print);
  study.root = json_loads(bytes, 0, NULL);
  fuzz_require(study.root);
  return &study;
}

/* Sets predictions.fingerprint and seal, where there is an object to set them in. */
static char *make_believable(json_t *root, const uint8_t *rows, size_t size) {
  char print[HR_SEAL_SIZE];
  if (!json_is_object(root)) return NULL;
  hr_seal_bytes(rows, size, print);
  json_object_set_new(root, "predictions", json_pack("{s: s}", "fingerprint", print));
  if (hr_seal_compute(root, print, NULL) != HR_OK) return NULL;
  json_object_set_new(root, "seal", json_string(print));
  return json_dumps(root, JSON_REAL_PRECISION(17));
}

/* What is made of the tables; an input of edits asks for one of them, in the bits that
 * the kind of its first edit leaves, as each takes longer than all that comes before. */
enum { TERMINAL, CSV, MARKDOWN, HTML, FORMS, ALL_FORMS };

static void show_tables(const hr_source *source, unsigned form) {
  hr_text text;
  hr_text_init(&text);
  for (size_t t = 0; t < HR_TABLE_COUNT; t++) {
    const hr_table *table = &source->tables.items[t];
    if (form == TERMINAL || form == ALL_FORMS) hr_table_write_terminal(table, &text);
    if (form == CSV || form == ALL_FORMS) hr_table_write_csv(table, &text);
  }
  hr_text_fini(&text);
}

static void show_report(hr_source *source, unsigned form) {
  hr_error err = {0};
  hr_text text, html;
  hr_figures none = {0};
  hr_text_init(&text);
  hr_text_init(&html);
  bool wanted = form == MARKDOWN || form == HTML || form == ALL_FORMS;
  if (wanted &&
      hr_markdown_write(&source->reader, &source->tables, &none, &text, &err) == HR_OK) {
    bool chinese = hr_tables_in_chinese(&source->reader);
    if (form != MARKDOWN) {
      fuzz_require(hr_html_write(text.bytes, &none, chinese, &html, &err) == HR_OK);
    }
  }
  hr_text_fini(&text);
  hr_text_fini(&html);
}

/* What headroom/results.h would hand out. */
static void give_numbers(const hr_source *source) {
  hr_error err = {0};
  hr_results results = {.reader = source->reader}; /* whose root stays the source's */
  hr_status status = hr_run_results_read(&results, &err);
  fuzz_require(status == HR_OK || err.message[0]);
  hr_run_results_free(&results);
}

static void show(hr_source *source, unsigned form) {
  hr_error err = {0};
  hr_text text;
  show_tables(source, form);
  show_report(source, form);
  give_numbers(source);
  hr_text_init(&text);
  hr_status status =
      hr_markdown_write_key_numbers(&source->reader, &source->tables, &text, &err);
  if (status == HR_OK) status = hr_rows_audit(&source->rows, &source->reader, &err);
  fuzz_require(status == HR_OK || err.message[0]);
  hr_text_fini(&text);
}

/* A document that was edited is not written and parsed again, as that takes longer than
 * what is asked of it: reports of it end at its seal, at the very last. */
static void report_on_edits(const uint8_t *bytes, size_t size) {
  const sound_study *study = get_sound_study();
  hr_error err = {0};
  hr_source source = {0};
  json_t *root = json_deep_copy(study->root);
  fuzz_require(root);
  for (size_t i = 0; i + EDIT_BYTES <= size && i < MOST_EDITS * EDIT_BYTES;
       i += EDIT_BYTES) {
    unsigned which = bytes[i] | (unsigned)bytes[i + 1] << 8;
    edit(root, &which, bytes[i + 2]);
  }
  json_object_set_new(root, "predictions",
                      json_pack("{s: s}", "fingerprint", study->print));
  hr_status status = hr_reader_take(&source.reader, "results.json", root, &err);
  if (status == HR_OK) status = hr_tables_init(&source.tables, &source.reader, &err);
  if (status == HR_OK)
    status = hr_rows_init(&source.rows, study->rows_path, &source.reader, &err);
  fuzz_require(status == HR_OK || err.message[0]);
  if (status == HR_OK)
    show(&source, size < EDIT_BYTES ? ALL_FORMS : (bytes[2] >> 4) % FORMS);
  hr_source_fini(&source);
}

/* results.json up to the first 0 byte, predictions.csv behind it. */
static void report_on_files(const uint8_t *bytes, size_t size) {
  char results_path[128], rows_path[128];
  hr_error err = {0};
  hr_source source;
  const uint8_t *end = memchr(bytes, 0, size);
  size_t json_size = end ? (size_t)(end - bytes) : size;
  const uint8_t *rows = bytes + json_size + (end ? 1 : 0);
  size_t rows_size = size - json_size - (end ? 1 : 0);
  json_t *root = json_loadb((const char *)bytes, json_size, 0, NULL);
  char *believable = make_believable(root, rows, rows_size);
  fuzz_write(results_path, sizeof results_path, "results.json",
             believable ? believable : (const char *)bytes,
             believable ? strlen(believable) : json_size);
  fuzz_write(rows_path, sizeof rows_path, "predictions.csv", rows, rows_size);
  hr_status status = hr_source_init(&source, fuzz_folder(), &err);
  fuzz_require(status == HR_OK || err.message[0]);
  if (status == HR_OK) {
    show(&source, ALL_FORMS);
    hr_source_fini(&source);
  }
  free(believable);
  json_decref(root);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
  if (size > 0 && bytes[0] == '{') {
    report_on_files(bytes, size);
  } else {
    report_on_edits(bytes, size);
  }
  return 0;
}
