// The sine in binary64, for series that a program computed in it: all but always the correctly rounded one,
// and the same on every machine (sums and products only).
#pragma once

namespace aicodec {

// Of an angle in radians; 0 from 2^30 on, for infinity and for NaN.
double sine64(double x);

}  // namespace aicodec
