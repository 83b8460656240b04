/* Settings of earlier studies of the same question, under a name: what stands in the
 * place of the sections `experts` and `gates` of a configuration, so that their numbers
 * can be held against ours on the same data (docs/configuration.md says what is
 * reproduced and what is not). */
#ifndef HR_CONFIG_COMPAT_H
#define HR_CONFIG_COMPAT_H

#include "core/text.h"

#define HR_CONFIG_COMPAT_CHOICES "users"

/* Appends them as settings "KEY=VALUE" (config/overrides.h), the two sections as wholes.
 * HR_ERR_USAGE where there is no such name; HR_ERR_MEMORY. */
hr_status hr_config_compat(const char *name, hr_strings *settings,
                           hr_error *err) HR_MUST_CHECK;

#endif
