/* The index of a frame, where it is one of whole numbers. */
#ifndef HR_DATA_FRAME_INDEX_H
#define HR_DATA_FRAME_INDEX_H

#include "data/frame_layout.h"

/* Reads it into frame->index, [frame->rows]; NULL where it is of anything else (dates,
 * text, several levels). HR_ERR_FORMAT where its bytes cannot be read, HR_ERR_MEMORY. */
hr_status hr_frame_read_index(const hr_frame_source *source, bool is_table,
                              hr_frame *frame, hr_error *err) HR_MUST_CHECK;

#endif
