/* Every expert and every gate in a sentence, with the settings that it was given. */
#ifndef HR_REPORT_SETTINGS_H
#define HR_REPORT_SETTINGS_H

#include "core/text.h"
#include "report/reader.h"

/* Appends a list, an item an expert, and another of gates; nothing of results that do not
 * know the settings. */
void hr_settings_tell(hr_reader *reader, hr_text *out);

/* A setting of an expert as the configuration writes it ("auto"), borrowed; "" where it
 * is not known. */
const char *hr_settings_find(hr_reader *reader, const char *expert, const char *setting);

#endif
