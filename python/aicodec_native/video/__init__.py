"""The `video` layer's codecs: SVT-AV1 and libaom in, dav1d out. The core stores packets and converts planes; nothing
else of the package knows PyAV, but `media`, which reads and writes users' files."""
