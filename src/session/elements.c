/* Elements by the folders that are there. Their state is that of any run directory
 * (session/state.h); element.json says beside that which tasks they have. */
#include "session/elements.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/file.h"
#include "core/progress.h"
#include "session/owner.h"
#include "session/state.h"

static const char folder_name[] = "elements";
static const char file_name[] = "element.json";

static void name_of(size_t element, size_t of, char out[64]) {
  snprintf(out, 64, "%zu-of-%zu", element, of);
}

hr_status hr_element_dir(const char *run_dir, size_t element, size_t of, char **out,
                         hr_error *err) {
  hr_status status = HR_OK;
  char name[64], *folder = NULL;
  name_of(element, of, name);
  HR_TRY(hr_join_path(run_dir, folder_name, &folder, err));
  HR_TRY(hr_join_path(folder, name, out, err));
cleanup:
  hr_free(folder);
  return status;
}

/* Whether a folder's name is one that hr_element_dir gives. */
static bool read_name(const char *name, size_t *element, size_t *of) {
  char again[64];
  if (sscanf(name, "%zu-of-%zu", element, of) != 2) return false;
  name_of(*element, *of, again);
  return strcmp(name, again) == 0 && *element < *of && *of <= HR_MOST_ELEMENTS;
}

static void element_fini(hr_element *element) {
  hr_free(element->dir);
  hr_strings_fini(&element->tasks);
  hr_strings_fini(&element->done);
}

void hr_elements_fini(hr_elements *elements) {
  for (size_t i = 0; i < elements->count; i++) element_fini(&elements->items[i]);
  hr_free(elements->items);
  *elements = (hr_elements){0};
}

static hr_status read_list(const json_t *root, const char *key, hr_strings *out,
                           hr_error *err) {
  hr_status status = HR_OK;
  const json_t *list = json_object_get(root, key);
  for (size_t i = 0; i < json_array_size(list); i++) {
    const char *item = json_string_value(json_array_get(list, i));
    if (item) HR_TRY(hr_strings_append(out, item, err));
  }
cleanup:
  return status;
}

static hr_status read_element(hr_element *element, hr_error *err) {
  hr_status status = HR_OK;
  json_t *root = NULL;
  HR_TRY(hr_json_file_look(element->dir, file_name, &root, err));
  snprintf(element->study, sizeof element->study, "%s",
           hr_json_string(root, "study", ""));
  element->is_done = strcmp(hr_json_string(root, "state", ""), "done") == 0;
  HR_TRY(read_list(root, "tasks", &element->tasks, err));
  HR_TRY(read_list(root, "done", &element->done, err));
cleanup:
  json_decref(root);
  return status;
}

static int compare(const void *a, const void *b) {
  const hr_element *one = a, *other = b;
  if (one->of != other->of) return one->of < other->of ? -1 : 1;
  return one->element < other->element ? -1 : one->element > other->element;
}

static size_t count_folders(DIR *directory) {
  size_t count = 0, element = 0, of = 0;
  for (struct dirent *entry = readdir(directory); entry; entry = readdir(directory)) {
    count += read_name(entry->d_name, &element, &of);
  }
  rewinddir(directory);
  return count;
}

hr_status hr_elements_find(const char *run_dir, hr_elements *out, hr_error *err) {
  hr_status status = HR_OK;
  char *folder = NULL;
  DIR *directory = NULL;
  *out = (hr_elements){0};
  HR_TRY(hr_join_path(run_dir, folder_name, &folder, err));
  directory = opendir(folder);
  if (!directory) goto cleanup;
  size_t most = count_folders(directory);
  HR_TRY(hr_alloc(&out->items, most, err));
  for (struct dirent *entry = readdir(directory); entry && out->count < most;
       entry = readdir(directory)) {
    hr_element *element = &out->items[out->count];
    if (!read_name(entry->d_name, &element->element, &element->of)) continue;
    out->count++;
    HR_TRY(hr_join_path(folder, entry->d_name, &element->dir, err));
    HR_TRY(read_element(element, err));
  }
  if (out->count > 1) qsort(out->items, out->count, sizeof *out->items, compare);
cleanup:
  if (directory) closedir(directory);
  hr_free(folder);
  return status;
}

static void put_list(hr_json_builder *builder, json_t *root, const char *key,
                     const hr_strings *items) {
  json_t *list = hr_json_put(builder, root, key, json_array());
  for (size_t i = 0; i < items->count; i++) {
    hr_json_append(builder, list, hr_json_text(items->items[i]));
  }
}

hr_status hr_element_write(const hr_element *element, hr_error *err) {
  hr_json_builder builder = {false};
  json_t *root = json_object();
  hr_json_put_text(&builder, root, "schema", "headroom/element/1");
  hr_json_put_text(&builder, root, "study", element->study);
  hr_json_put_count(&builder, root, "element", element->element);
  hr_json_put_count(&builder, root, "of", element->of);
  hr_json_put_text(&builder, root, "state", element->is_done ? "done" : "begun");
  put_list(&builder, root, "tasks", &element->tasks);
  put_list(&builder, root, "done", &element->done);
  hr_status status =
      hr_json_file_write(&builder, root, element->dir, file_name, hr_file_write, err);
  json_decref(root);
  return status;
}

hr_status hr_elements_clear(const char *run_dir, hr_error *err) {
  hr_status status = HR_OK;
  hr_elements elements = {0};
  char *folder = NULL;
  HR_TRY(hr_elements_find(run_dir, &elements, err));
  for (size_t i = 0; i < elements.count; i++) {
    HR_TRY(hr_owner_check_free(elements.items[i].dir, err));
  }
  HR_TRY(hr_join_path(run_dir, folder_name, &folder, err));
  HR_TRY(hr_remove_all(folder, err));
cleanup:
  hr_elements_fini(&elements);
  hr_free(folder);
  return status;
}

/* What is known of an element's last session. */
typedef struct last_session {
  const char *word; /* "done", "running", "stopped", "failed", "killed", "not begun" */
  hr_run_state run;
} last_session;

/* To be followed by hr_run_state_fini of its run. */
static void look_at(const hr_element *element, last_session *out) {
  *out = (last_session){.word = "not begun"};
  if (!element->dir || hr_run_state_read(element->dir, &out->run, NULL) != HR_OK) return;
  bool is_over = out->run.phase != HR_RUN_RUNNING && element->is_done;
  bool lacks_end = out->run.phase == HR_RUN_FINISHED && !element->is_done;
  out->word = is_over ? "done" : lacks_end ? "killed" : hr_run_phase_name(out->run.phase);
}

void hr_element_describe(const hr_element *element, hr_text *out) {
  last_session last;
  look_at(element, &last);
  hr_text_append(out, "%s", last.word);
  if (last.run.pid && strcmp(last.word, "running") == 0) {
    hr_text_append(out, " (process %lld", last.run.pid);
    if (last.run.host[0]) hr_text_append(out, " on %s", last.run.host);
    hr_text_append(out, ")");
  }
  hr_run_state_fini(&last.run);
}

/* The elements of one array: those that have a folder and those that have none. */
typedef struct array {
  const hr_element *items; /* [count] */
  size_t count, of;
} array;

/* The array that begins at `first`. */
static array take_array(const hr_elements *elements, size_t first) {
  array found = {.items = elements->items + first, .of = elements->items[first].of};
  while (first + found.count < elements->count &&
         elements->items[first + found.count].of == found.of) {
    found.count++;
  }
  return found;
}

/* Element number e, which may have no folder. */
static hr_element element_of(const array *a, size_t e) {
  for (size_t i = 0; i < a->count; i++) {
    if (a->items[i].element == e) return a->items[i];
  }
  return (hr_element){.element = e, .of = a->of};
}

static void describe_one(const hr_element *element, hr_text *out) {
  last_session last;
  look_at(element, &last);
  hr_text_append(out, "           %zu-of-%zu ", element->element, element->of);
  hr_element_describe(element, out);
  if (last.run.done + last.run.trained > 0) {
    hr_text_append(out, ", %zu of %zu tasks", last.run.done + last.run.trained,
                   element->tasks.count);
  }
  bool is_open = last.run.phase == HR_RUN_RUNNING && last.run.has_stage;
  if (is_open) {
    hr_text_append(out, ", ");
    hr_progress_describe(&last.run.progress, last.run.stage_seconds, false, out);
  } else if (last.run.message[0]) {
    hr_text_append(out, ": ");
    hr_text_append_visible(out, last.run.message);
  }
  hr_text_append(out, "\n");
  hr_run_state_fini(&last.run);
}

static void describe_array(const array *a, hr_text *out) {
  static const char *const words[] = {"done",   "running", "stopped",
                                      "failed", "killed",  "not begun"};
  enum { WORDS = sizeof words / sizeof words[0] };
  size_t counts[WORDS] = {0};
  for (size_t e = 0; e < a->of; e++) {
    const hr_element element = element_of(a, e);
    last_session last;
    look_at(&element, &last);
    for (size_t w = 0; w < WORDS; w++) counts[w] += strcmp(words[w], last.word) == 0;
    hr_run_state_fini(&last.run);
  }
  hr_text_append(out, "elements   %zu of %zu done", counts[0], a->of);
  for (size_t w = 1; w < WORDS; w++) {
    if (counts[w] > 0) hr_text_append(out, ", %zu %s", counts[w], words[w]);
  }
  hr_text_append(out, "\n");
  if (counts[0] == a->of) return;
  for (size_t e = 0; e < a->of; e++) {
    const hr_element element = element_of(a, e);
    last_session last;
    look_at(&element, &last);
    bool is_done = strcmp(last.word, "done") == 0;
    hr_run_state_fini(&last.run);
    if (!is_done) describe_one(&element, out);
  }
}

void hr_elements_describe(const hr_elements *elements, hr_text *out) {
  for (size_t i = 0; i < elements->count;) {
    const array a = take_array(elements, i);
    describe_array(&a, out);
    i += a.count;
  }
}

void hr_elements_count(const hr_elements *elements, size_t *done, size_t *trained,
                       bool *running) {
  *done = *trained = 0;
  *running = false;
  for (size_t i = 0; i < elements->count; i++) {
    last_session last;
    look_at(&elements->items[i], &last);
    *done += last.run.done;
    *trained += last.run.trained;
    *running = *running || strcmp(last.word, "running") == 0;
    hr_run_state_fini(&last.run);
  }
}

static void format_one(const hr_element *element, hr_json_builder *builder,
                       json_t *list) {
  last_session last;
  look_at(element, &last);
  json_t *item = hr_json_append(builder, list, json_object());
  hr_json_put_count(builder, item, "element", element->element);
  hr_json_put_count(builder, item, "of", element->of);
  hr_json_put_text(builder, item, "state", last.word);
  hr_json_put(builder, item, "message", hr_json_text(last.run.message));
  hr_json_put(builder, item, "host", hr_json_text(last.run.host));
  hr_json_put_count(builder, item, "tasks", element->tasks.count);
  hr_json_put_count(builder, item, "tasks_done", last.run.done + last.run.trained);
  hr_run_state_fini(&last.run);
}

json_t *hr_elements_format(const hr_elements *elements, hr_json_builder *builder) {
  json_t *list = json_array();
  for (size_t i = 0; i < elements->count;) {
    const array a = take_array(elements, i);
    for (size_t e = 0; e < a.of; e++) {
      const hr_element element = element_of(&a, e);
      format_one(&element, builder, list);
    }
    i += a.count;
  }
  return list;
}
