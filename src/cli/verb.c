/* The verbs in the order in which `headroom help` lists them. */
#include "cli/verb.h"

#include <stdio.h>
#include <string.h>

#include "core/alloc.h"

static const hr_verb *const verbs[] = {
    &hr_verb_run,     &hr_verb_merge,      &hr_verb_sweep,    &hr_verb_slurm,
    &hr_verb_status,  &hr_verb_stop,       &hr_verb_predict,  &hr_verb_report,
    &hr_verb_compare, &hr_verb_publish,    &hr_verb_simulate, &hr_verb_inspect,
    &hr_verb_config,  &hr_verb_completion, &hr_verb_version,  &hr_verb_help,
};
enum { VERB_COUNT = sizeof verbs / sizeof verbs[0] };

const hr_verb *const *hr_verbs(size_t *count) {
  *count = VERB_COUNT;
  return verbs;
}

hr_status hr_verb_find(const char *name, const hr_verb **out, hr_error *err) {
  const char *names[VERB_COUNT];
  for (size_t i = 0; i < VERB_COUNT; i++) {
    names[i] = verbs[i]->grammar.verb;
    if (strcmp(name, names[i]) == 0) {
      *out = verbs[i];
      return HR_OK;
    }
  }
  const char *nearest = hr_nearest_name(name, names, VERB_COUNT);
  if (nearest) {
    return hr_fail(err, HR_ERR_USAGE, "there is no verb '%s'; did you mean '%s'?", name,
                   nearest);
  }
  return hr_fail(err, HR_ERR_USAGE, "there is no verb '%s'; `headroom help` lists them",
                 name);
}

hr_status hr_verb_values(const hr_verb *verb, void **out, hr_error *err) {
  hr_status status = hr_alloc_bytes(out, verb->values_size, 1, err);
  if (status == HR_OK && verb->set_defaults) verb->set_defaults(*out);
  return status;
}

hr_status hr_verb_describe(const hr_verb *verb, hr_error *err) {
  hr_status status = HR_OK;
  void *values = NULL;
  hr_text text;
  hr_text_init(&text);
  HR_TRY(hr_verb_values(verb, &values, err));
  hr_text_append(&text, "headroom %s: %s\n\n", verb->grammar.verb, verb->summary);
  hr_options_describe(&verb->grammar, values, &text);
  if (verb->details) hr_text_append(&text, "\n%s\n", verb->details);
  HR_TRY(hr_text_status(&text, err));
  fputs(text.bytes, stdout);
cleanup:
  hr_text_fini(&text);
  hr_free(values);
  return status;
}
