/* Counting what is done by the files that are there, so that `headroom status` needs
 * neither the configuration nor the methods. */
#include "session/task_folders.h"

#include <dirent.h>

#include "core/alloc.h"
#include "core/file.h"

/* Calls `visit` with every folder of `parent`/`name`. */
static void visit_folders(const char *parent, const char *name,
                          void (*visit)(void *context, const char *folder),
                          void *context) {
  char *inner = NULL;
  DIR *directory = NULL;
  if (hr_join_path(parent, name, &inner, NULL) == HR_OK) directory = opendir(inner);
  for (struct dirent *entry = directory ? readdir(directory) : NULL; entry;
       entry = readdir(directory)) {
    char *folder = NULL;
    if (entry->d_name[0] == '.') continue;
    if (hr_join_path(inner, entry->d_name, &folder, NULL) == HR_OK) {
      visit(context, folder);
    }
    hr_free(folder);
  }
  if (directory) closedir(directory);
  hr_free(inner);
}

/* Whom the tasks of every target are shown. */
typedef struct visitor {
  void (*visit)(void *context, const char *folder);
  void *context;
} visitor;

static void visit_target(void *context, const char *folder) {
  const visitor *v = context;
  visit_folders(folder, "tasks", v->visit, v->context);
}

void hr_task_folders_visit(const char *run_dir,
                           void (*visit)(void *context, const char *folder),
                           void *context) {
  visitor v = {visit, context};
  visit_target(&v, run_dir);
  visit_folders(run_dir, "targets", visit_target, &v);
}

void hr_target_folders_visit(const char *run_dir,
                             void (*visit)(void *context, const char *folder),
                             void *context) {
  visit_folders(run_dir, "targets", visit, context);
}

static void count_task(void *context, const char *folder) {
  size_t *counts = context; /* done, trained */
  if (hr_folder_has(folder, "card.json")) {
    counts[0]++;
  } else if (hr_folder_has(folder, "trained.json")) {
    counts[1]++;
  }
}

void hr_task_folders_count(const char *run_dir, size_t *done, size_t *trained) {
  size_t counts[2] = {0};
  hr_task_folders_visit(run_dir, count_task, counts);
  *done = counts[0];
  *trained = counts[1];
}
