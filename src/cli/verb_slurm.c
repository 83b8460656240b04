/* `headroom slurm`: hr_study_write_job, on stdout. */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

#include "cli/habits.h"
#include "cli/interrupt.h"
#include "cli/verb.h"
#include "headroom/study.h"

typedef struct slurm_values {
  const char *out;
  uint64_t elements, cpus, memory_mib;
  const char *time, *partition, *account;
  hr_strings settings;
  const char *compat;
  hr_habits habits;
} slurm_values;

static hr_status run(const void *values, const char *operand, hr_error *err) {
  const slurm_values *given = values;
  char program[PATH_MAX], *script = NULL;
  hr_display display;
  hr_study_options study = hr_study_options_default();
  hr_study_job job = hr_study_job_default();
  study.config_path = operand;
  study.out_dir = given->out;
  study.settings = (const char *const *)given->settings.items;
  study.setting_count = given->settings.count;
  study.compat = given->compat;
  job.elements = given->elements;
  job.cpus = given->cpus;
  job.memory_mib = given->memory_mib;
  job.time = given->time;
  job.partition = given->partition;
  job.account = given->account;
  job.program = realpath("/proc/self/exe", program);
  hr_interrupt_watch();
  hr_habits_begin(&given->habits, &display);
  hr_observer observer = hr_display_observer(&display);
  hr_status status = hr_study_write_job(&study, &job, &observer, &script, err);
  hr_display_fini(&display);
  if (status == HR_OK) fputs(script, stdout);
  hr_text_free(script);
  return status;
}

#define COUNT(name_, member, value_, most, help_)                                     \
  {                                                                                   \
    .name = name_, .kind = HR_OPTION_COUNT, .offset = offsetof(slurm_values, member), \
    .value = value_, .minimum = 1, .maximum = most, .zero_means_absent = true,        \
    .help = help_                                                                     \
  }
#define TEXT(name_, member, value_, help_)                                           \
  {                                                                                  \
    .name = name_, .kind = HR_OPTION_TEXT, .offset = offsetof(slurm_values, member), \
    .value = value_, .help = help_                                                   \
  }

static const hr_option options[] = {
    TEXT("out", out, "DIR", "the run directory (runs/EXPERIMENT-ID)"),
    COUNT("elements", elements, "N", 100000, "jobs of the array (as many as help)"),
    COUNT("cpus", cpus, "N", 65536, "of each job (those of this machine)"),
    COUNT("mem", memory_mib, "MIB", 1 << 30, "of each job (by the estimate)"),
    TEXT("time", time, "LIMIT", "of each job, as Slurm reads it (by the estimate)"),
    TEXT("partition", partition, "NAME", "where the jobs run (the cluster's own)"),
    TEXT("account", account, "NAME", "who is charged (the cluster's own)"),
    {.name = "set",
     .kind = HR_OPTION_TEXTS,
     .offset = offsetof(slurm_values, settings),
     .value = "KEY=VALUE",
     .help = "over the configuration, e.g. ridge.alpha=100; repeatedly"},
    TEXT("compat", compat, "NAME",
         "experts and gates with the settings of earlier studies: users"),
    HR_HABITS(slurm_values, habits),
};

const hr_verb hr_verb_slurm = {
    .grammar = {.verb = "slurm",
                .operand = "CONFIG",
                .options = options,
                .option_count = sizeof options / sizeof options[0]},
    .summary = "write the script that has Slurm run a study",
    .details =
        "Prints a shell script: `headroom slurm CONFIG > job.sh`, then `sh job.sh`. It\n"
        "submits an array of N jobs, `headroom run --array I/N` each, and `headroom\n"
        "merge` for when they have ended. Two minutes before its time is over a job\n"
        "saves and is queued again. Limits of time and memory come from what the study\n"
        "is estimated to take, with what factors the script says. N is by default the\n"
        "least with which no job has much more to do than the largest piece of work\n"
        "that cannot be divided.",
    .values_size = sizeof(slurm_values),
    .run = run,
};
