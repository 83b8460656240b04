/* `headroom publish`: a study's block written into pages, or compared with them. */
#include <stdio.h>

#include "cli/progress.h"
#include "cli/verb.h"
#include "headroom/report.h"

static void set_defaults(void *values) {
  *(hr_publish_options *)values = hr_publish_options_default();
}

static hr_status run(const void *values, const char *operand, hr_error *err) {
  char *difference = NULL;
  hr_display display;
  hr_display_init(&display, stderr);
  hr_observer observer = hr_display_observer(&display);
  hr_status status = hr_report_publish(operand, values, &observer, &difference, err);
  hr_display_fini(&display);
  if (difference) fputs(difference, stdout);
  hr_text_free(difference);
  return status;
}

static const hr_option options[] = {
    {.name = "check",
     .kind = HR_OPTION_FLAG,
     .offset = offsetof(hr_publish_options, check),
     .help = "write nothing, show what would change; exit code 1 if anything"},
    {.name = "create",
     .kind = HR_OPTION_FLAG,
     .offset = offsetof(hr_publish_options, create),
     .help = "add the block to the end of a page that has none"},
    {.name = "page",
     .kind = HR_OPTION_TEXT,
     .offset = offsetof(hr_publish_options, page),
     .value = "FILE",
     .help = "this page alone (those of the configuration)"},
    {.name = "block",
     .kind = HR_OPTION_TEXT,
     .offset = offsetof(hr_publish_options, block),
     .value = "NAME",
     .help = "the block of that page"},
};

const hr_verb hr_verb_publish = {
    .grammar = {.verb = "publish",
                .operand = "DIR",
                .options = options,
                .option_count = sizeof options / sizeof options[0]},
    .summary = "write the key numbers of a run into your Markdown pages",
    .details =
        "Replaces what stands between the lines `<!-- headroom:begin NAME -->` and\n"
        "`<!-- headroom:end NAME -->` of the pages that the study's configuration names\n"
        "under `publish`. Nothing else in a page changes. What changed is printed.",
    .values_size = sizeof(hr_publish_options),
    .set_defaults = set_defaults,
    .run = run,
};
