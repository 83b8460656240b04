/* The script for Slurm. Both jobs have the same shell around the program: asked to stop
 * shortly before the limit (USR1, so that it is not taken for scancel's TERM), it stops
 * the program, which keeps what is done, and has the job queued again. */
#include "study/job.h"

#include <inttypes.h>
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/alloc.h"
#include "core/file.h"
#include "core/parallel.h"
#include "core/sized.h"
#include "study/estimate.h"
#include "study/opened.h"

static double larger(double a, double b) {
  return a > b ? a : b;
}

hr_status hr_job_estimate(hr_plan *plan, size_t elements, size_t cpus, hr_job_need *out,
                          hr_error *err) {
  hr_status status = HR_OK;
  hr_division division = {0};
  hr_share *share = NULL;
  hr_cost most = {0};
  *out = (hr_job_need){.elements = elements};
  HR_TRY(hr_alloc(&share, 1, err));
  HR_TRY(hr_division_make(plan, elements, &division, err));
  for (size_t e = 0; e < elements; e++) {
    hr_cost cost = {0};
    hr_division_share(&division, e, share);
    plan->share = share;
    hr_plan_estimate(plan, &cost);
    plan->share = NULL;
    most.operations = larger(most.operations, cost.operations);
    most.memory_bytes = larger(most.memory_bytes, cost.memory_bytes);
  }
  double bytes = (double)hr_dataset_file_bytes(plan->train);
  out->read_seconds =
      (bytes + (double)hr_dataset_file_bytes(plan->test)) / HR_JOB_READ_RATE;
  out->memory_bytes = most.memory_bytes;
  out->compute_seconds = hr_plan_seconds(&most);
  if (cpus > 0) out->compute_seconds *= (double)hr_thread_count() / (double)cpus;
cleanup:
  plan->share = NULL;
  hr_division_fini(&division);
  hr_free(share);
  return status;
}

size_t hr_job_minutes(const hr_job_need *need) {
  double minutes = HR_JOB_TIME_FACTOR * (need->compute_seconds + need->read_seconds) / 60;
  double steps = fmax(1, ceil(minutes / HR_JOB_LEAST_MINUTES));
  return (size_t)steps * HR_JOB_LEAST_MINUTES;
}

size_t hr_job_mebibytes(const hr_job_need *need) {
  double mebibytes = HR_JOB_MEMORY_FACTOR * need->memory_bytes / 1048576;
  return (size_t)ceil(mebibytes) + HR_JOB_MEMORY_MIB;
}

void hr_job_quote(const char *word, hr_text *out) {
  hr_text_append(out, "'");
  for (; *word; word++) {
    if (*word == '\'') {
      hr_text_append(out, "'\\''");
    } else {
      hr_text_append(out, "%c", *word);
    }
  }
  hr_text_append(out, "'");
}

/* All that the script is made of; borrowed. */
typedef struct script {
  const hr_study_options *study;
  const hr_study_job *job;
  const hr_config *config;
  hr_job_need need;
  size_t cpus, minutes, mebibytes;
  char *config_path, *run_dir; /* absolute */
} script;

/* A path from the root: jobs begin in folders of their own. */
static hr_status make_absolute(const char *path, char **out, hr_error *err) {
  hr_status status = HR_OK;
  char here[PATH_MAX];
  if (!getcwd(here, sizeof here)) here[0] = '\0';
  HR_TRY(hr_join_path(here, path, out, err));
cleanup:
  return status;
}

static void append_command(const script *s, const char *verb, hr_text *out) {
  hr_job_quote(s->job->program ? s->job->program : "headroom", out);
  hr_text_append(out, " %s ", verb);
  hr_job_quote(s->config_path, out);
  hr_text_append(out, " --out ");
  hr_job_quote(s->run_dir, out);
  for (size_t i = 0; i < s->study->setting_count; i++) {
    hr_text_append(out, " --set ");
    hr_job_quote(s->study->settings[i], out);
  }
  if (s->study->compat) {
    hr_text_append(out, " --compat ");
    hr_job_quote(s->study->compat, out);
  }
}

/* What a job does: `before`, then `verb` with `more` behind it. */
static void append_body(const script *s, const char *before, const char *verb,
                        const char *more, hr_text *out) {
  hr_text_append(out,
                 "#!/bin/bash\n"
                 "export OMP_NUM_THREADS=\"${SLURM_CPUS_PER_TASK:-1}\"\n%s",
                 before);
  append_command(s, verb, out);
  hr_text_append(
      out,
      "%s &\n"
      "child=$! again= code=0\n"
      "trap 'again=1; kill -TERM \"$child\"' USR1\n"
      "trap 'kill -TERM \"$child\"' TERM\n"
      "wait \"$child\" || code=$?\n"
      "while kill -0 \"$child\" 2>/dev/null; do\n"
      "  code=0\n"
      "  wait \"$child\" || code=$?\n"
      "done\n"
      "if [ -n \"$again\" ] && [ \"$code\" -eq 130 ]; then\n"
      "  if [ \"${SLURM_RESTART_COUNT:-0}\" -lt %d ]; then\n"
      "    echo \"the time is over: queued again, to go on with what is done\"\n"
      "    scontrol requeue \"$SLURM_JOB_ID\"\n"
      "  else\n"
      "    echo \"the time was over %d times; it may be too short for one task\"\n"
      "  fi\n"
      "fi\n"
      "exit \"$code\"\n",
      more, HR_JOB_MOST_RESTARTS, HR_JOB_MOST_RESTARTS + 1);
}

static void append_limits(const script *s, hr_text *out) {
  hr_text_append(out, " \\\n  --cpus-per-task=%zu --mem=%zuM --time=", s->cpus,
                 s->mebibytes);
  if (s->job->time) {
    hr_job_quote(s->job->time, out);
  } else {
    hr_text_append(out, "%zu", s->minutes);
  }
  hr_text_append(out, " --requeue --signal=B:USR1@%d --open-mode=append",
                 HR_JOB_SAVE_SECONDS);
  if (s->job->partition) {
    hr_text_append(out, " --partition=");
    hr_job_quote(s->job->partition, out);
  }
  if (s->job->account) {
    hr_text_append(out, " --account=");
    hr_job_quote(s->job->account, out);
  }
}

static void append_reasons(const script *s, hr_text *out) {
  const hr_job_need *need = &s->need;
  hr_text_append(out,
                 "# The limits are estimates. Of the element that does most, computing "
                 "takes %.0f s at\n"
                 "# least, with %zu threads at the rate that the machine had which wrote "
                 "this;\n"
                 "# reading all spectra at 100 MB/s, a guess, %.0f s. The limit is %g "
                 "times their sum,\n"
                 "# rounded up to %d minutes: a job whose time is over saves, goes back "
                 "into the queue\n"
                 "# and goes on. Memory is %.0f MiB at the peak: %g times that, and %d "
                 "MiB of the program.\n",
                 need->compute_seconds, s->cpus, need->read_seconds, HR_JOB_TIME_FACTOR,
                 HR_JOB_LEAST_MINUTES, need->memory_bytes / 1048576, HR_JOB_MEMORY_FACTOR,
                 HR_JOB_MEMORY_MIB);
}

static void append_script(const script *s, hr_text *out) {
  static const char settle[] =
      "# NFS may show a folder as it was a minute ago.\n"
      "sleep \"${HEADROOM_SETTLE:-60}\"\n";
  char more[64];
  const char *id = s->config->experiment.id;
  hr_text_append(out,
                 "#!/bin/sh\n"
                 "# `sh` this file to submit the study to Slurm: an array of jobs, "
                 "and one that puts\n"
                 "# together what they did. Words behind it go to sbatch, for "
                 "both.\n");
  append_reasons(s, out);
  hr_text_append(out, "set -eu\nlogs=");
  hr_job_quote(s->run_dir, out);
  hr_text_append(out, "/elements/logs\nmkdir -p \"$logs\"\n\n");
  hr_text_append(out, "array=$(sbatch --parsable --job-name=");
  hr_job_quote(id, out);
  hr_text_append(out, " --array=0-%zu --output=\"$logs/%%A_%%a.log\"",
                 s->need.elements - 1);
  append_limits(s, out);
  hr_text_append(out, " \"$@\" <<'END_OF_JOB'\n");
  snprintf(more, sizeof more, " --array \"$SLURM_ARRAY_TASK_ID/%zu\"", s->need.elements);
  append_body(s, "", "run", more, out);
  hr_text_append(out,
                 "END_OF_JOB\n)\n\n"
                 "# When all have ended, however they did: where tasks are missing "
                 "this says which and\n"
                 "# what does them. With afterok it would wait for ever.\n"
                 "merge=$(sbatch --parsable --dependency=\"afterany:${array%%%%;*}\" "
                 "--job-name=");
  hr_job_quote(id, out);
  hr_text_append(out, "-merge --output=\"$logs/merge_%%j.log\"");
  append_limits(s, out);
  hr_text_append(out, " \"$@\" <<'END_OF_JOB'\n");
  append_body(s, settle, "merge", "", out);
  hr_text_append(
      out,
      "END_OF_JOB\n)\n"
      "echo \"array ${array%%%%;*}, merge ${merge%%%%;*}; headroom status \" ");
  hr_job_quote(s->run_dir, out);
  hr_text_append(out, "\n");
}

static const hr_sized sized_job = {
    "hr_study_job", "with hr_study_job_default()", {sizeof(hr_study_job)}};

static hr_status fill(script *s, hr_opened_study *opened, hr_error *err) {
  hr_status status = HR_OK;
  size_t elements = s->job->elements;
  s->config = opened->config;
  if (elements == 0) HR_TRY(hr_division_suggest(opened->plan, &elements, err));
  s->cpus = s->job->cpus > 0 ? s->job->cpus : hr_thread_count();
  HR_TRY(hr_job_estimate(opened->plan, elements, s->cpus, &s->need, err));
  s->minutes = hr_job_minutes(&s->need);
  s->mebibytes = s->job->memory_mib > 0 ? s->job->memory_mib : hr_job_mebibytes(&s->need);
  HR_TRY(make_absolute(s->study->config_path, &s->config_path, err));
  HR_TRY(make_absolute(opened->out_dir, &s->run_dir, err));
cleanup:
  return status;
}

/* Jobs read what they do from files. */
static hr_status check_words(const hr_study_options *options, const hr_study_job *job,
                             hr_error *err) {
  if (!options->config_path || options->config_text) {
    return hr_fail(err, HR_ERR_USAGE,
                   "jobs read the configuration from a file; name it as config_path");
  }
  if (job->elements > HR_MOST_ELEMENTS) {
    return hr_fail(err, HR_ERR_USAGE, "an array of %zu elements has more than %d",
                   job->elements, HR_MOST_ELEMENTS);
  }
  return HR_OK;
}

hr_status hr_study_write_job(const hr_study_options *given, const hr_study_job *given_job,
                             const hr_observer *observer, char **out, hr_error *err) {
  hr_status status = HR_OK;
  hr_study_options options = hr_study_options_default();
  hr_study_job job = hr_study_job_default();
  hr_opened_study opened = {0};
  script s = {.study = &options, .job = &job};
  hr_text text;
  hr_text_init(&text);
  HR_TRY(hr_study_take_options(given, &options, err));
  HR_TRY(hr_sized_take(&sized_job, given_job, &job, err));
  HR_TRY(check_words(&options, &job, err));
  HR_TRY(hr_study_open(&options, observer, &opened, err));
  HR_TRY(fill(&s, &opened, err));
  append_script(&s, &text);
  HR_TRY(hr_text_status(&text, err));
  *out = text.bytes;
  hr_text_init(&text);
cleanup:
  hr_text_fini(&text);
  hr_free(s.config_path);
  hr_free(s.run_dir);
  hr_opened_study_fini(&opened);
  return status;
}
