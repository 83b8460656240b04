/* The users' settings are those of their reports of 2025-12: Ridge at one alpha in every
 * bin, a multinomial logistic gate on 37 features, and a regression gate, 13-32-16-9, on
 * 13. What they do not say, C and the batches and patience of the network, is ours.
 *
 * Their alpha is 1e5, of pixels in another unit than ours. Their own sweep over alpha
 * with 100,000 rows says which: R2 falls to 0.96, 0.43 and 0.08 of its best at 1e5, 1e6
 * and 1e7, and ours, of as many simulated rows, to 0.93, 0.43 and 0.08 at 1e3, 1e4 and
 * 1e5. */
#include "config/compat.h"

#include <string.h>

static const char *const users[] = {
    "experts={ridge: {alpha: [1000]}}",
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
