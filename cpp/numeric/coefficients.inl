// Coefficients of the project's own functions: AICODEC_POLYNOMIAL(name, lowest power first). Evaluated in Horner
// order, highest power first; code and docs/bitstream.md share these numbers, and a changed one is a new format.
// Fitted for the least maximal relative error on the interval named, rounded to binary32 one after another.
//
// sin(2 pi r) / r in powers of r^2, for |r| <= 1/4.
AICODEC_POLYNOMIAL(Sin, 0x1.921fb6p+2f, -0x1.4abbeep+5f, 0x1.466ee4p+6f, -0x1.32e03cp+6f, 0x1.466de4p+5f)
// 2^f, for |f| <= 1/2.
AICODEC_POLYNOMIAL(Exp2, 0x1.000000p+0f, 0x1.62e430p-1f, 0x1.ebfbdcp-3f, 0x1.c6af7ap-5f, 0x1.3b2dd2p-7f,
                   0x1.5f0948p-10f, 0x1.417a9ap-13f)
// log2(1 + f) / f, for sqrt(1/2) <= 1 + f <= sqrt(2).
AICODEC_POLYNOMIAL(Log2, 0x1.715476p+0f, -0x1.715476p-1f, 0x1.ec7204p-2f, -0x1.7156c8p-2f, 0x1.273a92p-2f,
                   -0x1.eb1840p-3f, 0x1.ab962ap-3f, -0x1.8bb0e4p-3f, 0x1.4fac2ap-3f, -0x1.4a155ap-4f)
// atan(q) / q in powers of q^2, for 0 <= q <= 1.
AICODEC_POLYNOMIAL(Atan, 0x1.000000p+0f, -0x1.5554dcp-2f, 0x1.9978eep-3f, -0x1.230ab2p-3f, 0x1.b4dffep-4f,
                   -0x1.355464p-4f, 0x1.61f8bcp-5f, -0x1.0c262ap-6f, 0x1.7ec704p-9f)
