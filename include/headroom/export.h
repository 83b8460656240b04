/* Marks what the shared library promises; everything else is hidden. */
#ifndef HEADROOM_EXPORT_H
#define HEADROOM_EXPORT_H

#if defined(__GNUC__)
#define HR_API        __attribute__((visibility("default")))
#define HR_MUST_CHECK __attribute__((warn_unused_result))
#define HR_PRINTF(format_index, first_argument) \
  __attribute__((format(printf, format_index, first_argument)))
#else
#define HR_API
#define HR_MUST_CHECK
#define HR_PRINTF(format_index, first_argument)
#endif

#endif
