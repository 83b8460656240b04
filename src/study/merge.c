/* Pieces are looked for by their records, so that one which was killed behind its last
 * record counts, and any mixture of arrays does. What is believed is judged later, when
 * records are read. */
#include "study/merge.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "core/alloc.h"
#include "core/door.h"
#include "core/file.h"
#include "session/rundir.h"
#include "session/task_folders.h"
#include "study/bundle.h"

static const char *const records[] = {"card.json", "trained.json"};

/* Whether a task's folder has a record, that of a trained model too. */
static bool has_record(const char *dir, const char *task, bool or_trained) {
  char *tasks = NULL, *folder = NULL;
  bool found = hr_join_path(dir, "tasks", &tasks, NULL) == HR_OK &&
               hr_join_path(tasks, task, &folder, NULL) == HR_OK &&
               (hr_folder_has(folder, records[0]) ||
                (or_trained && hr_folder_has(folder, records[1])));
  hr_free(tasks);
  hr_free(folder);
  return found;
}

hr_status hr_merge_look(const hr_plan *plan, const hr_piece *piece, const char *run_dir,
                        bool *found, hr_error *err) {
  hr_status status = HR_OK;
  hr_strings tasks = {0};
  char *dir = NULL;
  HR_TRY(hr_piece_tasks(plan, piece, &tasks, err));
  *found = true;
  for (size_t t = 0; t < hr_study_targets(&plan->view); t++) {
    HR_TRY(hr_plan_target_dir(plan, run_dir, t, &dir, err));
    for (size_t i = 0; i < tasks.count; i++) {
      bool is_split = piece->slot != HR_EVERY_SLOT;
      *found = *found && has_record(dir, tasks.items[i], is_split);
    }
    hr_free(dir);
    dir = NULL;
  }
cleanup:
  hr_strings_fini(&tasks);
  hr_free(dir);
  return status;
}

/* Whether all tasks of the piece are among an element's. */
static hr_status look_in_list(const hr_plan *plan, const hr_piece *piece,
                              const hr_strings *list, bool *found, hr_error *err) {
  hr_status status = HR_OK;
  hr_strings tasks = {0};
  HR_TRY(hr_piece_tasks(plan, piece, &tasks, err));
  *found = true;
  for (size_t i = 0; i < tasks.count; i++) {
    *found = *found && hr_strings_has(list, tasks.items[i]);
  }
cleanup:
  hr_strings_fini(&tasks);
  return status;
}

/* Whether an element has the piece: its records, or the word that it came to the end. */
static hr_status look_at_element(const hr_plan *plan, const hr_piece *piece,
                                 const hr_element *element, bool *has_records,
                                 bool *has_ended, hr_error *err) {
  hr_status status = HR_OK;
  bool is_its = false;
  *has_records = *has_ended = false;
  /* Its files are looked for only where they can be: there may be many elements. */
  HR_TRY(look_in_list(plan, piece, &element->tasks, &is_its, err));
  if (!is_its) goto cleanup;
  HR_TRY(hr_merge_look(plan, piece, element->dir, has_records, err));
  HR_TRY(look_in_list(plan, piece, &element->done, has_ended, err));
cleanup:
  return status;
}

static bool is_available(const hr_method *type) {
  return type->begin && (!type->available || type->available(NULL) == HR_OK);
}

static hr_status find_piece(const hr_plan *plan, const char *run_dir,
                            const hr_merge *merge, size_t p, ptrdiff_t *source,
                            hr_error *err) {
  hr_status status = HR_OK;
  const hr_piece *piece = &merge->division.pieces[p];
  bool found = false, ended = false;
  HR_TRY(hr_merge_look(plan, piece, run_dir, &found, err));
  *source = found ? HR_MERGE_HERE : HR_MERGE_MISSING;
  for (size_t e = 0; e < merge->elements.count && !found; e++) {
    bool is_end = false;
    const hr_element *element = &merge->elements.items[e];
    HR_TRY(look_at_element(plan, piece, element, &found, &is_end, err));
    if (found) *source = (ptrdiff_t)e;
    ended = ended || is_end;
  }
  bool is_to_be = is_available(plan->config->experts[piece->expert].type);
  if (!found && (ended || !is_to_be)) *source = HR_MERGE_NOTHING;
cleanup:
  return status;
}

/* How many elements the array has of which most are there; the larger of two. */
static size_t largest_array(const hr_elements *elements) {
  size_t of = 1, most = 0, count = 0;
  for (size_t i = 0; i < elements->count; i++) {
    bool is_next = i > 0 && elements->items[i].of == elements->items[i - 1].of;
    count = is_next ? count + 1 : 1;
    if (count < most) continue;
    most = count;
    of = elements->items[i].of;
  }
  return of;
}

/* Appends what one element of the division lacks, and how far it is. */
static hr_status tell_lack(const hr_merge *merge, const hr_plan *plan, size_t element,
                           hr_text *out, hr_error *err) {
  enum { MOST_NAMES = 4 };
  hr_status status = HR_OK;
  hr_strings tasks = {0};
  hr_element own = {.element = element, .of = merge->division.elements};
  for (size_t i = 0; i < merge->division.count; i++) {
    const hr_piece *piece = &merge->division.pieces[i];
    bool lacks = merge->source[i] == HR_MERGE_MISSING;
    if (!lacks || piece->element != element) continue;
    HR_TRY(hr_piece_tasks(plan, piece, &tasks, err));
  }
  if (tasks.count == 0) goto cleanup;
  for (size_t i = 0; i < merge->elements.count; i++) {
    const hr_element *known = &merge->elements.items[i];
    if (known->element == element && known->of == own.of) own = *known;
  }
  hr_text_append(out, "%selement %zu/%zu (", out->length > 0 ? "; " : "", element,
                 own.of);
  hr_element_describe(&own, out);
  hr_text_append(out, ") lacks ");
  for (size_t i = 0; i < tasks.count && i < MOST_NAMES; i++) {
    hr_text_append(out, "%s%s", i > 0 ? ", " : "", tasks.items[i]);
  }
  if (tasks.count > MOST_NAMES) {
    hr_text_append(out, " and %zu more", tasks.count - MOST_NAMES);
  }
cleanup:
  hr_strings_fini(&tasks);
  return status;
}

/* Fails with all that is missing: the first few elements in full, of the others how many;
 * and what does it. */
static hr_status fail_missing(const hr_merge *merge, const hr_plan *plan,
                              const char *run_dir, hr_error *err) {
  enum { MOST_TOLD = 4 };
  hr_status status = HR_OK;
  size_t told = 0, more = 0, first = 0;
  hr_text lacks, list;
  hr_text_init(&lacks);
  hr_text_init(&list);
  for (size_t e = 0; e < merge->division.elements; e++) {
    hr_text one;
    hr_text_init(&one);
    status = tell_lack(merge, plan, e, &one, err);
    bool is_short = one.length > 0;
    if (is_short && told == 0) first = e;
    if (is_short && told < MOST_TOLD) {
      hr_text_append(&lacks, "%s%s", told > 0 ? "; " : "", one.bytes);
    }
    if (is_short) hr_text_append(&list, "%s%zu", told + more > 0 ? "," : "", e);
    if (is_short && told < MOST_TOLD)
      told++;
    else if (is_short)
      more++;
    hr_text_fini(&one);
    HR_TRY(status);
  }
  if (more > 0) hr_text_append(&lacks, "; and %zu more elements", more);
  HR_TRY(hr_text_status(&lacks, err));
  HR_TRY(hr_text_status(&list, err));
  status = hr_fail(err, HR_ERR_MISSING,
                   "%s is not complete: %s; `headroom run %s --out %s --array %zu/%zu` "
                   "does element %zu (the lacking ones are %s), then merge again",
                   run_dir, lacks.bytes, plan->config->path, run_dir, first,
                   merge->division.elements, first, list.bytes);
cleanup:
  hr_text_fini(&lacks);
  hr_text_fini(&list);
  return status;
}

static hr_status fail_empty(const hr_plan *plan, const char *run_dir, hr_error *err) {
  return hr_fail(
      err, HR_ERR_MISSING,
      "%s holds no element of an array; `headroom run %s --out %s --array 0/N` "
      "does the first of N",
      run_dir, plan->config->path, run_dir);
}

hr_status hr_merge_find(const hr_plan *plan, const char *run_dir, hr_merge *out,
                        hr_error *err) {
  hr_status status = HR_OK;
  size_t missing = 0;
  *out = (hr_merge){0};
  HR_TRY(hr_elements_find(run_dir, &out->elements, err));
  for (size_t i = 0; i < out->elements.count; i++) {
    const char *dir = out->elements.items[i].dir;
    HR_TRY(hr_rundir_check_element(dir, &plan->origin, err));
  }
  HR_TRY(hr_division_make(plan, largest_array(&out->elements), &out->division, err));
  HR_TRY(hr_alloc(&out->source, out->division.count, err));
  for (size_t i = 0; i < out->division.count; i++) {
    HR_TRY(find_piece(plan, run_dir, out, i, &out->source[i], err));
    missing += out->source[i] == HR_MERGE_MISSING;
  }
  if (missing == 0) goto cleanup;
  status = out->elements.count == 0 ? fail_empty(plan, run_dir, err)
                                    : fail_missing(out, plan, run_dir, err);
cleanup:
  return status;
}

hr_status hr_merge_find_config(const char *run_dir, char **out, hr_error *err) {
  hr_status status = HR_OK;
  static const char name[] = "config.yaml";
  hr_elements elements = {0};
  HR_TRY(hr_elements_find(run_dir, &elements, err));
  for (size_t i = 0; i < elements.count && !*out; i++) {
    const char *dir = elements.items[i].dir;
    if (hr_folder_has(dir, name)) HR_TRY(hr_join_path(dir, name, out, err));
  }
  if (!*out && hr_folder_has(run_dir, name)) {
    HR_TRY(hr_join_path(run_dir, name, out, err));
  }
  if (!*out) {
    status = hr_fail(err, HR_ERR_MISSING,
                     "%s holds no element of an array; name the configuration, or the "
                     "directory that was named with %s",
                     run_dir, HR_DOOR_OUT);
  }
cleanup:
  hr_elements_fini(&elements);
  return status;
}

void hr_merge_fini(hr_merge *merge) {
  hr_elements_fini(&merge->elements);
  hr_division_fini(&merge->division);
  hr_free(merge->source);
  *merge = (hr_merge){0};
}

bool hr_merge_has(const hr_merge *merge, size_t expert) {
  for (size_t i = 0; i < merge->division.count; i++) {
    bool is_its = merge->division.pieces[i].expert == expert;
    if (is_its && merge->source[i] == HR_MERGE_NOTHING) return false;
  }
  return true;
}

static bool is_record(const char *name) {
  return strcmp(name, records[0]) == 0 || strcmp(name, records[1]) == 0;
}

/* Whether it is to be taken: not what is in the making. */
static bool is_whole(const char *name) {
  size_t length = strlen(name);
  bool is_part = length > 5 && strcmp(name + length - 5, ".part") == 0;
  return name[0] != '.' && !is_part && strcmp(name, HR_TRAINING_STATE) != 0;
}

/* Copies all bytes, 0 or an errno. */
static int copy_bytes(int from, int to) {
  enum { PIECE = 1 << 16 };
  char bytes[PIECE];
  for (;;) {
    ssize_t count = read(from, bytes, sizeof bytes);
    if (count == 0) return 0;
    if (count < 0 && errno != EINTR) return errno;
    for (ssize_t at = 0; at < count;) {
      ssize_t written = write(to, bytes + at, (size_t)(count - at));
      if (written < 0 && errno != EINTR) return errno;
      if (written > 0) at += written;
    }
  }
}

static hr_status copy_file(const char *from, const char *to, hr_error *err) {
  hr_status status = HR_OK;
  char *part = NULL;
  int source = -1, target = -1;
  HR_TRY(hr_file_part_name(to, &part, err));
  source = open(from, O_RDONLY | O_CLOEXEC);
  if (source < 0) {
    status = hr_fail_errno(err, HR_ERR_IO, errno, "cannot read %s", from);
    goto cleanup;
  }
  target = open(part, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  int failed = target < 0 ? errno : copy_bytes(source, target);
  if (failed) {
    status = hr_fail_errno(err, HR_ERR_IO, failed, "cannot copy %s to %s", from, to);
    goto cleanup;
  }
  HR_TRY(hr_file_commit(part, to, err));
cleanup:
  if (source >= 0) close(source);
  if (target >= 0) close(target);
  hr_free(part);
  return status;
}

/* A file more that has the same bytes: every file of a run is written under another name
 * and renamed, so none that two folders have is changed in either. */
static hr_status take_file(const char *from, const char *to, hr_error *err) {
  if (unlink(to) != 0 && errno != ENOENT) {
    return hr_fail_errno(err, HR_ERR_IO, errno, "cannot remove %s", to);
  }
  if (link(from, to) == 0) return HR_OK;
  return copy_file(from, to, err); /* another disk, or one without links */
}

/* The files of a folder, those that are records or those that are not. */
static hr_status take_files(const char *from, const char *to, bool take_records,
                            hr_error *err) {
  hr_status status = HR_OK;
  char *source = NULL, *target = NULL;
  DIR *directory = opendir(from);
  if (!directory) return hr_fail_errno(err, HR_ERR_IO, errno, "cannot read %s", from);
  HR_TRY(hr_make_folders(to, err));
  for (struct dirent *entry = readdir(directory); entry; entry = readdir(directory)) {
    const char *name = entry->d_name;
    if (!is_whole(name) || is_record(name) != take_records) continue;
    HR_TRY(hr_join_path(from, name, &source, err));
    HR_TRY(hr_join_path(to, name, &target, err));
    HR_TRY(take_file(source, target, err));
    hr_free(source);
    hr_free(target);
    source = target = NULL;
  }
cleanup:
  closedir(directory);
  hr_free(source);
  hr_free(target);
  return status;
}

/* The folder `name` of one run directory into another's; none is fine. */
static hr_status take_folder(const char *from_dir, const char *to_dir, const char *name,
                             hr_error *err) {
  hr_status status = HR_OK;
  char *from = NULL, *to = NULL;
  if (!hr_folder_has(from_dir, name)) return HR_OK;
  HR_TRY(hr_join_path(from_dir, name, &from, err));
  HR_TRY(hr_join_path(to_dir, name, &to, err));
  HR_TRY(take_files(from, to, false, err));
  HR_TRY(take_files(from, to, true, err));
cleanup:
  hr_free(from);
  hr_free(to);
  return status;
}

/* What the bundle has of a method all of whose tasks an element has. */
static hr_status take_models(const hr_plan *plan, const hr_piece *piece,
                             const char *from_dir, const char *to_dir, hr_error *err) {
  hr_status status = HR_OK;
  const hr_config_expert *expert = &plan->config->experts[piece->expert];
  const hr_method *type = expert->type;
  size_t bins = plan->view.bin_count;
  size_t slots = hr_method_slots(type, expert->parameters, bins);
  if (hr_study_is_control(type) || !type->kind) return HR_OK;
  for (size_t i = 0; i < hr_study_targets(&plan->view) * slots; i++) {
    char name[HR_BUNDLE_NAME_BYTES], below[HR_BUNDLE_NAME_BYTES + sizeof "model/"];
    const hr_bundle_place place = {type->name, i / slots,
                                   hr_method_slot(type, bins, i % slots)};
    hr_bundle_folder_name(type->kind, &place, name);
    snprintf(below, sizeof below, "model/%s", name);
    HR_TRY(take_folder(from_dir, to_dir, below, err));
  }
cleanup:
  return status;
}

static hr_status take_tasks(const hr_plan *plan, const hr_piece *piece,
                            const char *from_dir, const char *to_dir, hr_error *err) {
  hr_status status = HR_OK;
  hr_strings tasks = {0};
  char *from = NULL, *to = NULL;
  HR_TRY(hr_piece_tasks(plan, piece, &tasks, err));
  for (size_t t = 0; t < hr_study_targets(&plan->view); t++) {
    HR_TRY(hr_plan_target_dir(plan, from_dir, t, &from, err));
    HR_TRY(hr_plan_target_dir(plan, to_dir, t, &to, err));
    for (size_t i = 0; i < tasks.count; i++) {
      char below[HR_TASK_NAME_BYTES + sizeof "tasks/"];
      snprintf(below, sizeof below, "tasks/%s", tasks.items[i]);
      HR_TRY(take_folder(from, to, below, err));
    }
    hr_free(from);
    hr_free(to);
    from = to = NULL;
  }
cleanup:
  hr_strings_fini(&tasks);
  hr_free(from);
  hr_free(to);
  return status;
}

/* What the pass over the training rows counted, which every element that made one knows.
 */
static hr_status take_preparation(const hr_merge *merge, const char *run_dir,
                                  hr_error *err) {
  hr_status status = HR_OK;
  static const char name[] = "preparation.json";
  char *from = NULL, *to = NULL;
  for (size_t e = 0; e < merge->elements.count; e++) {
    const char *dir = merge->elements.items[e].dir;
    if (hr_folder_has(run_dir, name)) break;
    if (!hr_folder_has(dir, name)) continue;
    HR_TRY(hr_join_path(dir, name, &from, err));
    HR_TRY(hr_join_path(run_dir, name, &to, err));
    HR_TRY(take_file(from, to, err));
  }
cleanup:
  hr_free(from);
  hr_free(to);
  return status;
}

hr_status hr_merge_take(const hr_merge *merge, const hr_plan *plan, const char *run_dir,
                        size_t *taken, hr_error *err) {
  hr_status status = HR_OK;
  *taken = 0;
  for (size_t i = 0; i < merge->division.count; i++) {
    const hr_piece *piece = &merge->division.pieces[i];
    if (merge->source[i] < 0) continue;
    const char *dir = merge->elements.items[merge->source[i]].dir;
    if (piece->slot == HR_EVERY_SLOT) {
      HR_TRY(take_models(plan, piece, dir, run_dir, err));
    }
    HR_TRY(take_tasks(plan, piece, dir, run_dir, err));
    ++*taken;
  }
  HR_TRY(take_preparation(merge, run_dir, err));
cleanup:
  return status;
}
