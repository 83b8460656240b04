/* Running a study: from one configuration to tables and a report.
 *
 * Threads: studies in different run directories may run in several threads of a process
 * where HDF5 was built thread-safe (headroom/library.h); each takes as many OpenMP
 * threads as the thread that runs it may have. Process: see headroom/library.h;
 * RUN/run.lock is held while a study runs. Options are borrowed for the call; texts are
 * the caller's. */
#ifndef HEADROOM_STUDY_H
#define HEADROOM_STUDY_H

#include <stdbool.h>
#include <stddef.h>

#include "headroom/observer.h"
#include "headroom/status.h"
#include "headroom/text.h"

#ifdef __cplusplus
extern "C" {
#endif

/* What to do about what an earlier run left in the run directory. */
typedef enum hr_study_mode {
  HR_STUDY_NEW, /* a finished run of this study is run anew, an unfinished one refused */
  HR_STUDY_RESUME,  /* go on with it; a finished one is done; begin where there is none */
  HR_STUDY_RESTART, /* run anew, throwing away what an unfinished run has done */
  HR_STUDY_REPLACE, /* the same, throwing away what a finished run of another study left,
                       too: not before configuration, data and machine are fine, and no
                       file that is not the run's own */
} hr_study_mode;

typedef struct hr_study_options {
  size_t size;
  const char *config_path; /* the YAML file, docs/configuration.md */
  const char *out_dir;     /* the run directory; NULL: runs/<experiment id> */
  hr_study_mode mode;
  bool skip_preflight; /* begin even where memory or disk seem too small */
  /* Called when configuration, data and machine are fine, the directory is ours, and the
   * work begins: with the run directory, borrowed, and the seconds that it will take at
   * least, 0 where that is not known. May be NULL. */
  void (*begun)(void *context, const char *run_dir, double seconds);
  /* Called when results.json is there, while the directory is still ours: to write the
   * report. Where it fails, so does the run. May be NULL. */
  hr_status (*finish)(void *context, const char *run_dir, hr_error *err);
  void *context; /* for both */
  /* Instead of config_path: a configuration as text, and the folder that relative paths
   * in it begin in (NULL: the current one). What messages call it is config_path, or,
   * where that is NULL, "configuration". */
  const char *config_text;
  const char *config_folder;
  /* [setting_count] "KEY=VALUE" over what the configuration says, VALUE in YAML, such as
   * "ridge.alpha=100"; the run's config.yaml has them. Borrowed; NULL: none. */
  const char *const *settings;
  size_t setting_count;
  const char *compat; /* experts and gates with the settings of earlier studies in place
                         of the configuration's, below `settings`: "users"; NULL: its
                         own */
  /* This is one element, from 0, of an array of so many jobs, each of which does a part
   * of the tasks; 0: the whole study. See hr_study_run. */
  size_t element;
  size_t element_count;
} hr_study_options;

static inline hr_study_options hr_study_options_default(void) {
  hr_study_options options = {sizeof(hr_study_options),
                              NULL,
                              NULL,
                              HR_STUDY_NEW,
                              false,
                              NULL,
                              NULL,
                              NULL,
                              NULL,
                              NULL,
                              NULL,
                              0,
                              NULL,
                              0,
                              0};
  return options;
}

/* Runs the study and fills its run directory up to results.json (docs/formats.md): one
 * pass over the training shards, one over the test shard for every expert. Memory stays
 * within run.memory_mib of the configuration. What is done stays: a run that was stopped
 * or killed at any moment goes on with HR_STUDY_RESUME, and ends with the same bytes,
 * times apart. An expert, or one of its bins, that runs out of memory or meets bad
 * numbers fails alone; the results say so. *run_dir is where it went, freed with
 * hr_text_free; not set on failure. HR_ERR_USAGE for options without a configuration, or
 * of another size than a known one. hr_report_write (headroom/report.h) makes tables and
 * the report of it. HR_ERR_CONFIG, HR_ERR_MISSING, HR_ERR_FORMAT, HR_ERR_DATA: what is
 * wrong with the input; HR_ERR_LEDGER: the accounts do not balance; HR_ERR_USAGE: the run
 * directory holds something else, is in use, or was begun with another study;
 * HR_ERR_INTERRUPTED; HR_ERR_IO; HR_ERR_MEMORY.
 *
 * An element of an array (element_count above 0) does the tasks that a fixed division by
 * estimated operations gives it, in the folder RUN/elements/I-of-N of its own, which
 * *run_dir is then; it reads and writes nothing of other elements, so that all may run at
 * once on machines that share the disk. With HR_STUDY_NEW it goes on with what it has
 * done before, as with HR_STUDY_RESUME, and where RUN has results of this study already
 * there is nothing to do. It judges nothing, and does not call `finish`. */
HR_API HR_MUST_CHECK hr_status hr_study_run(const hr_study_options *options,
                                            const hr_observer *observer, char **run_dir,
                                            hr_error *err);

/* Puts together what the elements of an array have done, in any division, and does what
 * remains, as hr_study_run with HR_STUDY_RESUME: it ends with the bytes of one run, times
 * apart, and may be called again. Without a configuration that of the elements in
 * options->out_dir is taken. HR_ERR_MISSING where tasks are missing: the sentence names
 * the elements that lack them, and nothing is changed; HR_ERR_USAGE where an element is
 * of another study, data or version; else as hr_study_run. */
HR_API HR_MUST_CHECK hr_status hr_study_merge(const hr_study_options *options,
                                              const hr_observer *observer, char **run_dir,
                                              hr_error *err);

/* A study as jobs of Slurm. */
typedef struct hr_study_job {
  size_t size;
  size_t elements;   /* of the array; 0: as many as make it faster */
  size_t cpus;       /* of each job; 0: as many threads as this process has */
  size_t memory_mib; /* of each job; 0: by the estimate */
  const char *time;  /* the limit as Slurm reads it, "12:00:00"; NULL: by the estimate */
  const char *partition; /* NULL: the cluster's own */
  const char *account;   /* the same */
  const char *program;   /* the path of `headroom` there; NULL: "headroom" */
} hr_study_job;

static inline hr_study_job hr_study_job_default(void) {
  hr_study_job job = {sizeof(hr_study_job), 0, 0, 0, NULL, NULL, NULL, NULL};
  return job;
}

/* A shell script that submits the study to Slurm: an array of jobs, each an element of
 * hr_study_run that is asked to stop before its time is over and then goes back into the
 * queue, and one with hr_study_merge when all have ended, however. It says what its
 * limits are made of. Reads what hr_study_describe reads; writes nothing. job: NULL for
 * the defaults. *script is UTF-8, freed with hr_text_free. HR_ERR_USAGE for options that
 * have no config_path; else as hr_study_describe on what is wrong with the input. */
HR_API HR_MUST_CHECK hr_status hr_study_write_job(const hr_study_options *options,
                                                  const hr_study_job *job,
                                                  const hr_observer *observer,
                                                  char **script, hr_error *err);

/* Whether every criterion of the gate of every target passed, as their results.json say.
 * run_dir: the run directory, borrowed. HR_ERR_MISSING, HR_ERR_FORMAT where there is no
 * such file or it does not say. */
HR_API HR_MUST_CHECK hr_status hr_study_gate(const char *run_dir, bool *passed,
                                             hr_error *err);

/* Which experts of the configuration have no model in any bin, for the first target, and
 * why: "lightgbm (...)", joined by commas, then where nearly all training rows are
 * outside all bins ": " and that; freed with hr_text_free. NULL where there is none.
 * run_dir: the run directory, borrowed. HR_ERR_MISSING, HR_ERR_FORMAT where there is no
 * results.json or it does not say. */
HR_API HR_MUST_CHECK hr_status hr_study_lost(const char *run_dir, char **experts,
                                             hr_error *err);

/* Reads configuration, labels and spectra, at most 512 MiB of these, and says what
 * hr_study_run would read, train, need in memory and write; writes nothing. *plan is
 * UTF-8 text, freed with hr_text_free. Fails as hr_study_run does on what is wrong with
 * the input, and then *plan is not set; and on what else it would refuse before it
 * begins: a budget or a machine of too little memory, a disk that is too full, a run
 * directory of another study. Then *plan is set. */
HR_API HR_MUST_CHECK hr_status hr_study_describe(const hr_study_options *options,
                                                 const hr_observer *observer, char **plan,
                                                 hr_error *err);

#ifdef __cplusplus
}
#endif
#endif
