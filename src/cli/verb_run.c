/* `headroom run`: a study here, or in a process of its own. The tables go to stdout when
 * it ends, and the gate decides the exit code where that was asked for. */
#include <stdio.h>

#include "cli/array_option.h"
#include "cli/detach.h"
#include "cli/habits.h"
#include "cli/interrupt.h"
#include "cli/verb.h"
#include "cli/world_mpi.h"
#include "compute/compute.h"
#include "study/ranks.h"

typedef struct run_values {
  const char *out;
  bool dry_run;
  bool resume;
  bool restart;
  bool replace;
  bool detach;
  bool gate;
  bool no_preflight;
  hr_strings settings;
  const char *compat;
  const char *array;
  hr_habits habits;
} run_values;

/* A run, here or in the background. */
typedef struct runner {
  hr_display display;
  hr_observer shown;    /* on the display */
  hr_observer observer; /* for the study */
  bool is_background;
  int channel; /* to the program that was called, until the work begins; -1: none */
} runner;

static hr_status describe(const hr_study_options *study, const runner *r, hr_error *err) {
  char *plan = NULL;
  hr_status status = hr_study_describe(study, &r->observer, &plan, err);
  if (plan && !r->display.is_quiet) fputs(plan, stdout);
  hr_text_free(plan);
  return status;
}

static void take_begun(void *context, const char *run_dir, double seconds) {
  runner *r = context;
  hr_detach_begun(&r->channel, run_dir, seconds);
}

static hr_status take_finish(void *context, const char *run_dir, hr_error *err) {
  const runner *r = context;
  return hr_verb_report_run(run_dir, &r->shown, r->display.is_quiet, err);
}

/* In the background, run.log says what there is to say as soon as there is one. */
static void take_line(void *context, hr_log_level level, const char *line) {
  const runner *r = context;
  if (r->channel >= 0) r->shown.log(r->shown.context, level, line);
}

static bool is_interrupted(void *context) {
  (void)context;
  return hr_interrupt_came();
}

static void runner_init(runner *r, const hr_habits *habits) {
  hr_interrupt_watch();
  hr_interrupt_outlive_readers();
  hr_habits_begin(habits, &r->display);
  r->shown = hr_display_observer(&r->display);
  r->observer = r->shown;
  if (r->is_background) {
    r->observer = (hr_observer){r, take_line, NULL, is_interrupted};
  }
}

/* A run, by this process or by all ranks of its world; then it is judged. */
static hr_status run_study(const hr_study_options *study, bool has_gate, runner *r,
                           hr_error *err) {
  hr_status status = HR_OK;
  char *run_dir = NULL;
  hr_world *world = NULL;
  bool is_element = study->element_count > 0;
  if (!is_element) HR_TRY(hr_world_create(hr_world_mpi(), &world, err));
  if (!hr_world_is_alone(world)) hr_interrupt_watch_forwarded();
  bool is_guest = hr_world_rank(world) > 0;
  if (is_guest) r->display.is_quiet = true;
  HR_TRY(hr_study_run_ranks(study, world, &r->observer, &run_dir, err));
  if (is_element || is_guest) goto cleanup; /* nothing to be judged */
  HR_TRY(hr_verb_check_lost(run_dir, err));
  if (has_gate) HR_TRY(hr_verb_check_gate(run_dir, err));
cleanup:
  hr_world_leave(&world, status, err);
  hr_text_free(run_dir);
  return status;
}

static hr_status work(const run_values *given, const char *config_path, runner *r,
                      hr_error *err) {
  hr_status status = HR_OK;
  hr_study_options study = {
      .size = sizeof study,
      .config_path = config_path,
      .out_dir = given->out,
      .mode = given->restart   ? HR_STUDY_RESTART
              : given->replace ? HR_STUDY_REPLACE
              : given->resume  ? HR_STUDY_RESUME
                               : HR_STUDY_NEW,
      .skip_preflight = given->no_preflight,
      .compat = given->compat,
      .begun = r->is_background ? take_begun : NULL,
      .finish = take_finish,
      .context = r,
      .settings = (const char *const *)given->settings.items,
      .setting_count = given->settings.count,
  };
  bool is_element = given->array != NULL;
  runner_init(r, &given->habits);
  HR_TRY(hr_compute_reserve(err));
  if (is_element) {
    HR_TRY(hr_array_option_read(given->array, &study.element, &study.element_count, err));
  }
  if (given->dry_run) {
    bool is_told = hr_world_find_launch().rank > 0; /* by rank 0 */
    if (!is_told) status = describe(&study, r, err);
  } else {
    status = run_study(&study, given->gate, r, err);
  }
cleanup:
  hr_display_fini(&r->display);
  return status;
}

/* Waits for the background process to begin, and says where to look. */
static hr_status tell_start(int channel, bool is_quiet, hr_error *err) {
  hr_detached run = {.status = HR_OK};
  hr_text text;
  hr_text_init(&text);
  hr_status status = hr_detach_wait(channel, &run, err);
  if (status == HR_OK && !is_quiet) {
    printf("process %lld is at work in %s\n", run.pid, run.text);
    if (run.seconds > 0) hr_seconds_describe(run.seconds, &text);
    if (text.bytes) printf("it takes %s at least, reading aside\n", text.bytes);
    printf("headroom status %s\nheadroom stop %s\n", run.text, run.text);
  }
  hr_text_fini(&text);
  return status;
}

/* What is for one process, and not for several ranks. */
static hr_status check_launched(const run_values *given, hr_error *err) {
  const char *option = given->array ? "array" : given->detach ? "detach" : NULL;
  if (!option || !hr_world_find_launch().is_launched) return HR_OK;
  return hr_fail(err, HR_ERR_USAGE,
                 "--%s is for one process, and a launcher started several ranks; leave "
                 "it out, or start the program once",
                 option);
}

static hr_status run(const void *values, const char *operand, hr_error *err) {
  hr_status status = HR_OK;
  const run_values *given = values;
  runner r = {.channel = -1};
  int channel = -1;
  if (given->resume && (given->restart || given->replace)) {
    return hr_fail(err, HR_ERR_USAGE,
                   "--resume goes on with a run and --%s throws it away; give one",
                   given->restart ? "restart" : "replace");
  }
  if (given->restart && given->replace) {
    return hr_fail(err, HR_ERR_USAGE,
                   "--replace discards what --restart does, and finished results of "
                   "another study too; give one");
  }
  if (given->gate && given->array) {
    return hr_fail(err, HR_ERR_USAGE,
                   "an element of an array judges nothing; give --gate to `headroom "
                   "merge`");
  }
  HR_TRY(check_launched(given, err));
  if (given->detach && given->dry_run) {
    return hr_fail(err, HR_ERR_USAGE,
                   "--dry-run has nothing to do in the background; "
                   "leave out --detach");
  }
  if (!given->detach) return work(given, operand, &r, err);
  HR_TRY(hr_detach(&r.is_background, &channel, err));
  if (!r.is_background) return tell_start(channel, given->habits.quiet, err);
  r.channel = channel;
  hr_error reason = {.status = HR_OK};
  status = work(given, operand, &r, &reason);
  bool is_done = status == HR_OK || status == HR_ERR_GATE || status == HR_ERR_LOST;
  if (!is_done) hr_detach_failed(&r.channel, &reason);
  if (status != HR_OK) status = hr_fail(err, status, "%s", reason.message);
cleanup:
  return status;
}

#define FLAG(name_, member, help_)                                                 \
  {                                                                                \
    .name = name_, .kind = HR_OPTION_FLAG, .offset = offsetof(run_values, member), \
    .help = help_                                                                  \
  }

static const hr_option options[] = {
    {.name = "out",
     .kind = HR_OPTION_TEXT,
     .offset = offsetof(run_values, out),
     .value = "DIR",
     .help = "the run directory (runs/EXPERIMENT-ID)"},
    FLAG("dry-run", dry_run, "say what would be read, trained and needed; write nothing"),
    FLAG("resume", resume, "go on with the run in the directory, however it ended"),
    FLAG("restart", restart, "throw away what an unfinished run has done, begin anew"),
    FLAG("replace", replace, "discard the results in the directory, whatever the study"),
    FLAG("detach", detach, "run in the background; see `status` and `stop`"),
    FLAG("gate", gate, "exit with 1 where the decision gate is not passed"),
    FLAG("no-preflight", no_preflight, "begin even where memory or disk seem too small"),
    {.name = "set",
     .kind = HR_OPTION_TEXTS,
     .offset = offsetof(run_values, settings),
     .value = "KEY=VALUE",
     .help = "over the configuration, e.g. ridge.alpha=100; repeatedly"},
    {.name = "array",
     .kind = HR_OPTION_TEXT,
     .offset = offsetof(run_values, array),
     .value = "I/N",
     .help = "do element I, from 0, of an array of N jobs; auto: what Slurm says"},
    {.name = "compat",
     .kind = HR_OPTION_TEXT,
     .offset = offsetof(run_values, compat),
     .value = "NAME",
     .help = "experts and gates with the settings of earlier studies: users"},
    HR_HABITS(run_values, habits),
};

const hr_verb hr_verb_run = {
    .grammar = {.verb = "run",
                .operand = "CONFIG",
                .options = options,
                .option_count = sizeof options / sizeof options[0]},
    .summary = "run the study that a YAML file describes",
    .details =
        "Reads the shards, adds noise, trains every expert of every bin, routes by the\n"
        "true labels and judges. Writes results.json, tables, figures and a report into\n"
        "the run directory, prints the tables, and says where the report is. What is\n"
        "done stays: a run that was stopped or killed goes on with --resume and ends\n"
        "with the same results. Without --resume or --restart, an unfinished run that\n"
        "has kept a task, or is in the midst of one, is refused; one that has not is\n"
        "begun anew, since nothing is lost.\n"
        "\n"
        "With --array it does its share of the tasks alone, in DIR/elements/I-of-N, and\n"
        "goes on there where it was stopped; `headroom merge` makes one run of all\n"
        "shares. auto takes I and N from the job array of Slurm that it runs in, which\n"
        "has to be 0-(N-1). Without --array a job array changes nothing.\n"
        "\n"
        "Started by mpirun, its ranks divide the tasks and put them into the same DIR;\n"
        "rank 0 speaks for all and does the rest. Any number of ranks, or one process,\n"
        "goes on with --resume.",
    .takes_ranks = true,
    .values_size = sizeof(run_values),
    .run = run,
};
