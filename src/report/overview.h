/* What a study asked and of which data, for somebody who was not there. */
#ifndef HR_REPORT_OVERVIEW_H
#define HR_REPORT_OVERVIEW_H

#include "core/text.h"
#include "report/reader.h"

/* Appends the question, who competes to answer it, and what the words mean. */
void hr_overview_ask(hr_reader *reader, hr_text *out);

/* Appends files, pixels and wavelengths, noise, folds and version; nothing of results of
 * earlier versions, which do not say. */
void hr_overview_tell_data(hr_reader *reader, hr_text *out);

/* Appends the edges of the bins with their units; nothing where they are not known. */
void hr_overview_tell_edges(hr_reader *reader, hr_text *out);

/* Appends, of a set ("train", "test"), which files have bad pixels and how many; nothing
 * where there are none, or where that is not known. */
void hr_overview_tell_bad_files(hr_reader *reader, const char *set, hr_text *out);

#endif
