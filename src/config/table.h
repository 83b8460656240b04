/* The sections of a configuration and their fields, as tables; shared by the files of
 * config.h. */
#ifndef HR_CONFIG_TABLE_H
#define HR_CONFIG_TABLE_H

#include "config/config.h"

typedef struct hr_config_section {
  const char *path; /* "data.noise"; "" for the whole file */
  const char *help; /* one sentence */
  const hr_field *fields;
  size_t count;
  const char *const *more; /* [more_count] keys beside the fields, read by config.c */
  size_t more_count;
} hr_config_section;

extern const hr_config_section hr_config_top;   /* no fields: the names of the sections */
extern const hr_config_section hr_config_pages; /* hr_config_page, an item of publish */

/* A baseline's number, in hr_config_baseline. */
extern const hr_field hr_config_baseline_field;

/* The sections whose fields lie in hr_config, in the order of the file. */
const hr_config_section *hr_config_sections(size_t *count);

/* The section of that path, one of hr_config_sections; NULL where there is none. */
const hr_config_section *hr_config_find_section(const char *path);

/* The parameters of an expert as a section; `path` is borrowed. */
hr_config_section hr_config_expert_section(const hr_method *type, const char *path);

/* The name of bin k of the study's own 3 x 3 grid, k < 9. */
const char *hr_config_study_bin_name(size_t k);

#endif
