/* Notes on the fits of experts in Chinese. The methods write them in English, onto cards
 * and into results.json; what a report in Chinese says of them is found by their form. */
#ifndef HR_REPORT_NOTES_H
#define HR_REPORT_NOTES_H

#include <stdbool.h>

#include "core/text.h"

/* Appends a note as it is, or in Chinese: sentence by sentence, where each is known;
 * others stay as they are. */
void hr_notes_append(const char *note, bool chinese, hr_text *out);

#endif
