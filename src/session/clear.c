/* Files are known by the folder they lie in and their name (docs/formats.md): a run
 * directory may also hold somebody's notes, or a figure of his own. */
#include "session/clear.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/alloc.h"
#include "core/file.h"
#include "session/task_folders.h"

typedef bool (*is_own_name)(const char *name);

static bool is_among(const char *name, const char *const *names, size_t count) {
  for (size_t i = 0; i < count; i++) {
    if (strcmp(name, names[i]) == 0) return true;
  }
  return false;
}
#define IS_AMONG(name, names) is_among(name, names, sizeof(names) / sizeof(names)[0])

static const char *extension_of(const char *name) {
  const char *dot = strrchr(name, '.');
  return dot ? dot : "";
}

/* Models, predictions and records: what tasks and the bundle hold. */
static bool is_of_task(const char *name) {
  static const char *const names[] = {
      "card.json",       "trained.json",   "training.state", "predictions.f32",
      "variance.f64",    "validation.npy", "model.npy",      "model.txt",
      "model.cnn",       "model.vit",      "heads.net",      "templates.npy",
      "templates.bin",   "posterior.npy",  "draws.f32",      "draw_rows.npy",
      "importance.csv",  "curves.csv",     "model.json",     "train_groups.npy",
      "test_groups.npy", "gate.json",      "components.npy", "wave.npy",
      "stand_in.npy",    "lowest.npy",     "highest.npy",    "trunk.npy",
      HR_GATHERED_FILE};
  const char *extension = extension_of(name);
  bool is_layer = strncmp(name, "layer_", 6) == 0 && strcmp(extension, ".npy") == 0;
  return is_layer || IS_AMONG(name, names) || strcmp(extension, ".part") == 0;
}

static bool is_table(const char *name) {
  return strcmp(extension_of(name), ".csv") == 0;
}

/* Behind results.json, which goes before all else. */
static bool is_of_run(const char *name) {
  static const char *const names[] = {
      "predictions.csv", "preparation.json", "timings.json", "fisher.npy",
      "report.md",       "report.html",      "element.json"};
  return IS_AMONG(name, names) || strcmp(extension_of(name), ".part") == 0;
}

static hr_status remove_file(int folder, const char *path, const char *name,
                             hr_error *err) {
  if (unlinkat(folder, name, 0) == 0 || errno == ENOENT) return HR_OK;
  return hr_fail_errno(err, HR_ERR_IO, errno, "cannot remove %s/%s", path, name);
}

/* A figure is three files of one name; `name` is that of the picture with lines. */
static hr_status remove_figure(int folder, const char *path, const char *name,
                               hr_error *err) {
  static const char *const others[] = {".png", ".csv"};
  hr_status status = HR_OK;
  size_t length = strlen(name) - strlen(".svg");
  char file[NAME_MAX + 1];
  for (size_t i = 0; i < 2; i++) {
    snprintf(file, sizeof file, "%.*s%s", (int)length, name, others[i]);
    if (faccessat(folder, file, F_OK, AT_SYMLINK_NOFOLLOW) != 0) return HR_OK;
  }
  for (size_t i = 0; i < 2; i++) {
    snprintf(file, sizeof file, "%.*s%s", (int)length, name, others[i]);
    HR_TRY(remove_file(folder, path, file, err));
  }
  HR_TRY(remove_file(folder, path, name, err));
cleanup:
  return status;
}

/* Removes from the folder `path` the files that are the run's, is_own NULL: the figures,
 * and from its folders those that `inside` says (NULL: they are left alone). A folder
 * that is a link is left alone too. */
static hr_status clear_folder(const char *path, is_own_name is_own, is_own_name inside,
                              hr_error *err) {
  hr_status status = HR_OK;
  struct stat info;
  char *below = NULL;
  if (lstat(path, &info) != 0 || !S_ISDIR(info.st_mode)) return HR_OK;
  DIR *directory = opendir(path);
  if (!directory) return hr_fail_errno(err, HR_ERR_IO, errno, "cannot read %s", path);
  for (struct dirent *entry = readdir(directory); entry; entry = readdir(directory)) {
    const char *name = entry->d_name;
    if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0) continue;
    if (!is_own && strcmp(extension_of(name), ".svg") == 0) {
      HR_TRY(remove_figure(dirfd(directory), path, name, err));
    } else if (is_own && is_own(name)) {
      HR_TRY(remove_file(dirfd(directory), path, name, err));
    } else if (inside) {
      HR_TRY(hr_join_path(path, name, &below, err));
      HR_TRY(clear_folder(below, inside, NULL, err));
      hr_free(below);
      below = NULL;
    }
  }
cleanup:
  if (directory) closedir(directory);
  hr_free(below);
  if (status == HR_OK && rmdir(path) != 0) errno = 0; /* it holds what is not the run's */
  return status;
}

/* The folders of one target, the first's being the run directory. */
static const struct part {
  const char *name;
  is_own_name is_own, inside;
} parts[] = {{"tasks", is_of_task, is_of_task},
             {"model", is_of_task, is_of_task},
             {"tables", is_table, NULL},
             {"figures", NULL, NULL}};

static hr_status clear_target(const char *dir, hr_error *err) {
  hr_status status = HR_OK;
  char *path = NULL;
  HR_TRY(hr_join_path(dir, "results.json", &path, err));
  if (unlink(path) != 0 && errno != ENOENT) {
    status = hr_fail_errno(err, HR_ERR_IO, errno, "cannot remove %s", path);
    goto cleanup;
  }
  for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
    hr_free(path);
    path = NULL;
    HR_TRY(hr_join_path(dir, parts[i].name, &path, err));
    HR_TRY(clear_folder(path, parts[i].is_own, parts[i].inside, err));
  }
cleanup:
  hr_free(path);
  return status;
}

/* The folders of targets, whose names are those of labels: what is one holds results or
 * tasks. */
typedef struct clearing {
  hr_status status;
  hr_error *err;
} clearing;

static void clear_further(void *context, const char *dir) {
  clearing *c = context;
  if (c->status != HR_OK) return;
  bool is_target = hr_folder_has(dir, "results.json") || hr_folder_has(dir, "tasks");
  if (!is_target) return;
  c->status = clear_target(dir, c->err);
  if (c->status == HR_OK) c->status = clear_folder(dir, is_of_run, NULL, c->err);
}

static hr_status clear_own_files(const char *out_dir, hr_error *err) {
  hr_status status = HR_OK;
  DIR *directory = opendir(out_dir);
  if (!directory) return hr_fail_errno(err, HR_ERR_IO, errno, "cannot read %s", out_dir);
  for (struct dirent *entry = readdir(directory); entry; entry = readdir(directory)) {
    if (!is_of_run(entry->d_name)) continue;
    HR_TRY(remove_file(dirfd(directory), out_dir, entry->d_name, err));
  }
cleanup:
  closedir(directory);
  return status;
}

hr_status hr_run_clear(const char *out_dir, hr_error *err) {
  hr_status status = HR_OK;
  char *targets = NULL;
  clearing further = {HR_OK, err};
  HR_TRY(clear_target(out_dir, err));
  hr_target_folders_visit(out_dir, clear_further, &further);
  HR_TRY(further.status);
  HR_TRY(hr_join_path(out_dir, "targets", &targets, err));
  if (rmdir(targets) != 0) errno = 0; /* not there, or not empty */
  HR_TRY(clear_own_files(out_dir, err));
cleanup:
  hr_free(targets);
  return status;
}
