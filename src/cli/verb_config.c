/* `headroom config`: the reference of all keys, or what one configuration comes to. */
#include <stdio.h>

#include "cli/verb.h"
#include "config/config.h"
#include "core/alloc.h"

typedef struct config_values {
  hr_strings settings;
} config_values;

static hr_status run(const void *values, const char *operand, hr_error *err) {
  hr_status status = HR_OK;
  const config_values *given = values;
  hr_config *config = NULL;
  hr_text text;
  hr_text_init(&text);
  if (operand) {
    HR_TRY(hr_config_load_with(operand, &given->settings, &config, err));
    HR_TRY(hr_config_write(config, &text, err));
  } else if (given->settings.count > 0) {
    status = hr_fail(err, HR_ERR_USAGE,
                     "--set changes a configuration; name one: headroom config CONFIG");
    goto cleanup;
  } else {
    hr_config_describe(&text);
  }
  HR_TRY(hr_text_status(&text, err));
  fputs(text.bytes, stdout);
cleanup:
  hr_text_fini(&text);
  hr_config_destroy(&config);
  return status;
}

static const hr_option options[] = {
    {.name = "set",
     .kind = HR_OPTION_TEXTS,
     .offset = offsetof(config_values, settings),
     .value = "KEY=VALUE",
     .help = "over the configuration, as `run` takes it; repeatedly"},
};

const hr_verb hr_verb_config = {
    .grammar = {.verb = "config",
                .operand = "CONFIG",
                .operand_optional = true,
                .options = options,
                .option_count = sizeof options / sizeof options[0]},
    .summary = "list all keys of a configuration, or what one comes to",
    .details =
        "Without CONFIG: every key with what it takes, its default and a sentence. With\n"
        "one: all keys with the values that a run would take, paths absolute, as YAML,\n"
        "or everything that is wrong with it.",
    .values_size = sizeof(config_values),
    .run = run,
};
