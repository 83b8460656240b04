/* The folders of a run directory that hold a task each, RUN/tasks/NAME and, of targets
 * behind the first, RUN/targets/TARGET/tasks/NAME, as those who look
 * from outside see them: how many are done, without knowing which study they are of. */
#ifndef HR_SESSION_TASK_FOLDERS_H
#define HR_SESSION_TASK_FOLDERS_H

#include <stddef.h>

/* In a task's folder: the state of a training that is not over. It is no part of what a
 * record vouches for. */
#define HR_TRAINING_STATE "training.state"

/* In a task's folder: what one part of a study gathered for the task of all rows, until
 * that is done. It vouches for itself. */
#define HR_GATHERED_FILE "gathered.sums"

/* Calls `visit` with the path of every task's folder, in no order; with none where there
 * is no such directory. */
void hr_task_folders_visit(const char *run_dir,
                           void (*visit)(void *context, const char *folder),
                           void *context);

/* The same with the folders of the targets behind the first. */
void hr_target_folders_visit(const char *run_dir,
                             void (*visit)(void *context, const char *folder),
                             void *context);

/* How many tasks have their card.json, and how many more their model alone. */
void hr_task_folders_count(const char *run_dir, size_t *done, size_t *trained);

#endif
