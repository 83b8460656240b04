/* Number types of the caller's arrays. */
#ifndef HEADROOM_DTYPE_H
#define HEADROOM_DTYPE_H

/* IEEE 754, in this machine's byte order. */
typedef enum hr_dtype { HR_FLOAT32, HR_FLOAT64 } hr_dtype;

#endif
