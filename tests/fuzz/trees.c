/* Models of trees: LightGBM's text as it stands, and with the bytes of each tree told
 * right, so that what is between them is looked at. What is read predicts. LightGBM
 * itself sees nothing of it. */
#include <string.h>

#include "core/alloc.h"
#include "core/text.h"
#include "fuzz/fuzz.h"
#include "models/tree_text.h"
#include "models/trees.h"

enum { MOST_PIXELS = 64, ROWS = 3 };

static void predict(const hr_model *model) {
  static float flux[ROWS * MOST_PIXELS];
  float mean[ROWS];
  const uint32_t row[ROWS] = {0, 1, 2};
  hr_error err = {0};
  for (size_t i = 0; i < ROWS * MOST_PIXELS; i++) flux[i] = (float)(i % 7) / 4;
  const hr_spectra spectra = {0, ROWS, model->pixels, flux, NULL, 0};
  const hr_request request = {
      .model = model, .row = row, .count = ROWS, .variants = 1, .mean = mean};
  fuzz_require(hr_models_predict(&spectra, &request, 1, &err) == HR_OK);
}

static void load(const char *text, size_t size) {
  hr_error err = {0};
  hr_trees_read read;
  hr_model *model = NULL;
  char *copy = NULL;
  hr_status status = hr_tree_text_read(text, size, "text", &read, &err);
  size_t pixels = read.pixels;
  hr_trees_read_fini(&read);
  fuzz_require(status == HR_OK || (status == HR_ERR_FORMAT && err.message[0]));
  if (status != HR_OK || pixels > MOST_PIXELS || strlen(text) != size) return;
  fuzz_require(hr_copy_text(text, &copy, &err) == HR_OK);
  fuzz_require(hr_trees_create_take(&copy, "text", 0, pixels, &model, &err) == HR_OK);
  predict(model);
  hr_model_destroy(&model);
}

/* The text with its line tree_sizes made anew: from each "Tree=" at the start of a line
 * to the next one, or to "end of trees". */
static void load_with_sizes(const char *text) {
  const char *line = strstr(text, "tree_sizes="), *at = strstr(text, "\nTree=");
  const char *end = strstr(text, "\nend of trees");
  hr_text out;
  if (!line || !at || !end || line > at || at > end) return;
  hr_text_init(&out);
  hr_text_append(&out, "%.*stree_sizes=", (int)(line - text), text);
  for (const char *tree = at + 1; tree < end;) {
    const char *next = strstr(tree, "\nTree=");
    if (!next || next > end) next = end;
    hr_text_append(&out, "%s%zu", tree > at + 1 ? " " : "", (size_t)(next + 1 - tree));
    tree = next + 1;
  }
  hr_text_append(&out, "\n%s", at);
  fuzz_require(hr_text_status(&out, NULL) == HR_OK);
  load(out.bytes, out.length);
  hr_text_fini(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
  static char text[(1 << 14) + 1];
  if (size >= sizeof text) return 0;
  memcpy(text, bytes, size);
  text[size] = '\0';
  load(text, size);
  load_with_sizes(text);
  return 0;
}
