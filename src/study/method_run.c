#include "study/method_run.h"

#include <stdio.h>
#include <string.h>

#include "core/alloc.h"
#include "core/observe.h"

static void destroy_expert(hr_method_run *contender) {
  if (contender->expert) contender->home.type->destroy(&contender->expert);
}

static void drop_loaded(hr_method_run *contender) {
  size_t count = hr_task_count(&contender->home);
  for (size_t t = 0; contender->loaded && t < count; t++) {
    hr_loaded_task_fini(&contender->loaded[t]);
  }
  hr_free(contender->loaded);
  hr_free(contender->tasks);
  contender->loaded = NULL;
  contender->tasks = NULL;
}

void hr_method_run_fini(hr_method_run *contender) {
  if (!contender->home.type) return;
  destroy_expert(contender);
  drop_loaded(contender);
}

static hr_status keep_model(void *context, const hr_learner *expert, const hr_task *task,
                            hr_error *err) {
  const hr_method_run *contender = context;
  return hr_task_write(&contender->home, HR_STAGE_TRAINED, expert, task, err);
}

/* Reads all tasks; *whole: they are all there, *failed: how many of them failed. */
static hr_status load_tasks(hr_method_run *contender, bool *whole, size_t *failed,
                            hr_error *err) {
  hr_status status = HR_OK;
  size_t count = hr_task_count(&contender->home);
  *whole = true;
  *failed = 0;
  HR_TRY(hr_alloc(&contender->loaded, count, err));
  HR_TRY(hr_alloc(&contender->tasks, count, err));
  for (size_t t = 0; *whole && t < count; t++) {
    HR_TRY(hr_task_read(&contender->home, HR_STAGE_DONE, t, &contender->loaded[t], whole,
                        err));
    contender->tasks[t] = contender->loaded[t].task;
    *failed += contender->tasks[t].status == HR_FIT_FAILED;
  }
cleanup:
  return status;
}

static hr_status drop_records(const hr_method_run *contender, hr_task_stage stage,
                              hr_error *err) {
  hr_status status = HR_OK;
  for (size_t t = 0; status == HR_OK && t < hr_task_count(&contender->home); t++) {
    status = hr_task_drop_record(&contender->home, stage, t, err);
  }
  return status;
}

/* Where a task failed, the others keep the record of their training for a run that tries
 * again. */
static hr_status set_done(hr_method_run *contender, size_t failed, hr_error *err) {
  contender->state = HR_METHOD_RUN_DONE;
  contender->outcome.tasks = contender->tasks;
  contender->outcome.task_count = hr_task_count(&contender->home);
  return failed == 0 ? drop_records(contender, HR_STAGE_TRAINED, err) : HR_OK;
}

hr_status hr_method_run_init(hr_method_run *contender, const hr_plan *plan,
                             const hr_config_expert *expert, const char *out_dir,
                             const char *study, hr_error *err) {
  hr_status status = HR_OK;
  bool whole = false;
  size_t failed = 0;
  *contender = (hr_method_run){.view = plan->view, .parameters = expert->parameters};
  contender->home = (hr_task_home){out_dir, study, expert->type, &contender->view};
  contender->view.keeper = (hr_keeper){.context = contender, .keep = keep_model};
  contender->outcome.type = expert->type;
  HR_TRY(load_tasks(contender, &whole, &failed, err));
  if (whole && failed == 0) {
    HR_TRY(set_done(contender, failed, err));
    goto cleanup;
  }
  /* All of them predict again, and are not to be counted as done until they have. */
  drop_loaded(contender);
  HR_TRY(drop_records(contender, HR_STAGE_DONE, err));
cleanup:
  return status;
}

/* Writes every task as failed, for `reason`. */
static hr_status write_failed(const hr_method_run *contender, const char *reason,
                              hr_error *err) {
  hr_status status = HR_OK;
  const hr_study_view *view = &contender->view;
  size_t rows[HR_MOST_BINS + 1], test_rows[HR_MOST_BINS + 1];
  hr_count_bins(view->train.bin, view->train.rows, view->bin_count, rows);
  hr_count_bins(view->test.route, view->test.rows, view->bin_count, test_rows);
  for (size_t t = 0; t < hr_task_count(&contender->home); t++) {
    int bin = hr_task_bin(&contender->home, t);
    hr_task task = {.bin = bin, .status = HR_FIT_FAILED};
    task.train_rows = bin == HR_GLOBAL ? view->train.rows : rows[bin];
    task.test_rows = bin == HR_GLOBAL ? view->test.rows : test_rows[bin];
    snprintf(task.note, sizeof task.note, "%s", reason);
    HR_TRY(hr_task_write(&contender->home, HR_STAGE_DONE, NULL, &task, err));
  }
cleanup:
  return status;
}

/* Ends an expert whose step ended with `failure`; what concerns it alone does not end the
 * study. */
static hr_status give_up(hr_method_run *contender, hr_status failure,
                         const hr_error *reason, hr_error *err) {
  hr_status status = HR_OK;
  if (failure != HR_ERR_MEMORY && failure != HR_ERR_NUMERIC) {
    return hr_fail(err, failure, "%s", reason->message);
  }
  destroy_expert(contender);
  hr_observe_warning(contender->view.observer, "the expert %s is given up: %s",
                     contender->home.type->name, reason->message);
  HR_TRY(write_failed(contender, reason->message, err));
  HR_TRY(hr_method_run_finish(contender, err));
cleanup:
  return status;
}

/* Restores the model of task t, where an earlier run kept it; one that cannot be is
 * trained again. */
static hr_status restore_model(hr_method_run *contender, size_t t, hr_error *err) {
  hr_status status = HR_OK;
  const hr_task_home *home = &contender->home;
  hr_loaded_task loaded = {0};
  hr_error reason = {.status = HR_OK};
  char *folder = NULL;
  bool found = false;
  HR_TRY(hr_task_read(home, HR_STAGE_TRAINED, t, &loaded, &found, err));
  if (!found) goto cleanup;
  HR_TRY(hr_task_folder(home, t, &folder, err));
  if (home->type->restore(contender->expert, &loaded.task, folder, &reason) != HR_OK) {
    hr_observe_warning(contender->view.observer,
                       "the model in %s cannot be taken back and is trained again: %s",
                       folder, reason.message);
  }
cleanup:
  hr_loaded_task_fini(&loaded);
  hr_free(folder);
  return status;
}

static hr_status create(hr_method_run *contender, hr_error *err) {
  hr_status status = HR_OK;
  const hr_method *type = contender->home.type;
  HR_TRY(type->create(&contender->view, contender->parameters, &contender->expert, err));
  for (size_t t = 0; type->restore && t < hr_task_count(&contender->home); t++) {
    HR_TRY(restore_model(contender, t, err));
  }
cleanup:
  return status;
}

hr_status hr_method_run_begin(hr_method_run *contender, hr_error *err) {
  const hr_method *type = contender->home.type;
  const hr_observer *observer = contender->view.observer;
  hr_error reason = {.status = HR_OK};
  if (contender->state != HR_METHOD_RUN_WAITING) return HR_OK;
  if (!type->create) {
    contender->state = HR_METHOD_RUN_ABSENT;
    hr_observe_warning(observer, "the expert %s is not in this build: skipped",
                       type->name);
    return HR_OK;
  }
  if (type->available && type->available(&contender->reason) != HR_OK) {
    contender->state = HR_METHOD_RUN_ABSENT;
    contender->outcome.reason = contender->reason.message;
    hr_observe_warning(observer, "the expert %s is skipped: %s", type->name,
                       contender->reason.message);
    return HR_OK;
  }
  contender->state = HR_METHOD_RUN_WORKING;
  hr_status status = create(contender, &reason);
  return status == HR_OK ? HR_OK : give_up(contender, status, &reason, err);
}

bool hr_method_run_wants_rows(const hr_method_run *contender) {
  const hr_method *type = contender->home.type;
  if (contender->state != HR_METHOD_RUN_WORKING) return false;
  return !type->is_trained || !type->is_trained(contender->expert);
}

typedef struct sampling {
  hr_method_run *contender;
  const hr_sample *sample;
} sampling;

static hr_status show_sample(void *context, const hr_block *block, hr_error *err) {
  const sampling *s = context;
  hr_method_run *contender = s->contender;
  hr_error reason = {.status = HR_OK};
  if (contender->state != HR_METHOD_RUN_WORKING) return HR_OK;
  hr_status status = contender->home.type->observe_sample(
      contender->expert, block, s->sample->rows + block->first_row, &reason);
  return status == HR_OK ? HR_OK : give_up(contender, status, &reason, err);
}

hr_status hr_method_run_sample(hr_method_run *contender, const hr_plan *plan,
                               hr_error *err) {
  hr_status status = HR_OK;
  const hr_method *type = contender->home.type;
  hr_sample *sample = NULL;
  if (!hr_method_run_wants_rows(contender) || !type->sample_rows) return HR_OK;
  HR_TRY(hr_sample_create(&plan->view.train, plan->view.bin_count,
                          type->sample_rows(contender->expert), plan->view.seed, &sample,
                          err));
  sampling s = {contender, sample};
  const hr_pass pass = {.plan = plan,
                        .training = true,
                        .stage = "sampling training spectra",
                        .sample = sample,
                        .visit = show_sample,
                        .context = &s};
  HR_TRY(hr_pass_run(&pass, NULL, err));
cleanup:
  hr_sample_destroy(&sample);
  return status;
}

hr_status hr_method_run_observe(hr_method_run *contender, const hr_block *block,
                                hr_error *err) {
  hr_error reason = {.status = HR_OK};
  if (!hr_method_run_wants_rows(contender)) return HR_OK;
  hr_status status = contender->home.type->observe(contender->expert, block, &reason);
  return status == HR_OK ? HR_OK : give_up(contender, status, &reason, err);
}

static hr_status show_test(void *context, const hr_block *block, hr_error *err) {
  hr_method_run *contender = context;
  hr_error reason = {.status = HR_OK};
  if (contender->state != HR_METHOD_RUN_WORKING) return HR_OK;
  hr_status status =
      contender->home.type->observe_test(contender->expert, block, &reason);
  return status == HR_OK ? HR_OK : give_up(contender, status, &reason, err);
}

hr_status hr_method_run_predict(hr_method_run *contender, const hr_plan *plan,
                                hr_error *err) {
  hr_error reason = {.status = HR_OK};
  char stage[96];
  if (contender->state != HR_METHOD_RUN_WORKING) return HR_OK;
  hr_status status = contender->home.type->train(contender->expert, &reason);
  if (status != HR_OK) return give_up(contender, status, &reason, err);
  snprintf(stage, sizeof stage, "predicting test spectra, %s",
           contender->home.type->title);
  const hr_pass pass = {
      .plan = plan, .stage = stage, .visit = show_test, .context = contender};
  return hr_pass_run(&pass, NULL, err);
}

static hr_status write_tasks(hr_method_run *contender, hr_error *err) {
  hr_status status = HR_OK;
  size_t count = 0;
  const hr_task *tasks = contender->home.type->tasks(contender->expert, &count);
  if (count != hr_task_count(&contender->home)) {
    return hr_fail(err, HR_ERR_INTERNAL, "the expert %s has %zu tasks, not %zu",
                   contender->home.type->name, count, hr_task_count(&contender->home));
  }
  for (size_t t = 0; t < count; t++) {
    HR_TRY(hr_task_write(&contender->home, HR_STAGE_DONE, contender->expert, &tasks[t],
                         err));
  }
cleanup:
  return status;
}

hr_status hr_method_run_finish(hr_method_run *contender, hr_error *err) {
  hr_status status = HR_OK;
  bool whole = false;
  size_t failed = 0;
  if (contender->state != HR_METHOD_RUN_WORKING) return HR_OK;
  if (contender->expert) HR_TRY(write_tasks(contender, err));
  destroy_expert(contender);
  HR_TRY(load_tasks(contender, &whole, &failed, err));
  if (!whole) {
    status = hr_fail(err, HR_ERR_IO,
                     "the tasks of %s in %s are not what was written; the disk, or "
                     "another program, changed them",
                     contender->home.type->name, contender->home.out_dir);
    goto cleanup;
  }
  HR_TRY(set_done(contender, failed, err));
cleanup:
  return status;
}
