/* The users' settings are those of their reports of 2025-12: Ridge at one alpha in every
 * bin, a multinomial logistic gate on 37 features, and a regression gate, 13-32-16-9, on
 * 13. What they do not say, C and the batches and patience of the network, is ours. */
#include "config/compat.h"

#include <string.h>

static const char *const users[] = {
    "experts={ridge: {alpha: [100000]}}",
    "gates={logistic: {C: 100, features: users_37, mixing: soft}, mlp: {hidden: [32, "
    "16], learning_rate: 0.001, epochs: 100, features: users_13}}",
};

hr_status hr_config_compat(const char *name, hr_strings *settings, hr_error *err) {
  hr_status status = HR_OK;
  if (strcmp(name, "users") != 0) {
    return hr_fail(err, HR_ERR_USAGE,
                   "there are no settings called '%.60s' to be compatible with; users is "
                   "the only name",
                   name);
  }
  for (size_t i = 0; i < sizeof users / sizeof users[0]; i++) {
    HR_TRY(hr_strings_append(settings, users[i], err));
  }
cleanup:
  return status;
}
