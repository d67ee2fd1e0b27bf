// The container for Python: headers, tracks and packets as small classes, files by path or as bytes.
#include <pybind11/stl.h>

#include <cerrno>
#include <cmath>

#include "bindings/bindings.h"
#include "bindings/convert.h"
#include "container/reader.h"
#include "container/writer.h"

namespace aicodec {
namespace {

using Pair = std::pair<uint32_t, uint32_t>;

Pair to_pair(Rational value) { return {value.num, value.den}; }
Rational to_rational(Pair value) { return {value.first, value.second}; }

StreamHeader make_header(const std::string& format, uint32_t width, uint32_t height, const Colour& colour,
                         Pair sample_aspect, int quarter_turns, Pair time_base, Pair frame_duration,
                         int64_t origin) {
  StreamHeader header;
  header.format = unwrap(format_from_name(format));
  header.width = width;
  header.height = height;
  header.colour = colour;
  header.sample_aspect = to_rational(sample_aspect);
  header.quarter_turns = uint8_t(quarter_turns & 3);
  header.time_base = to_rational(time_base);
  header.frame_duration = to_rational(frame_duration);
  header.origin = origin;
  // What cannot be read back must not be written.
  return unwrap(read_header(write_header(header)));
}

Track make_track(const std::string& kind, const std::string& codec, Pair time_base,
                 const py::bytes& extradata, const Tags& tags) {
  const std::string_view bytes = extradata;
  Track track{kind == "audio" ? TrackKind::kAudio : TrackKind::kSubtitle, codec, to_rational(time_base),
              Bytes(bytes.begin(), bytes.end()), tags};
  return unwrap(read_track(write_track(track)));
}

Packet make_packet(int64_t pts, int64_t dts, uint64_t duration, bool is_keyframe, const py::bytes& data,
                   const std::vector<std::pair<std::string, py::bytes>>& side_data) {
  const std::string_view bytes = data;
  Packet packet{pts, dts, duration, is_keyframe, Bytes(bytes.begin(), bytes.end()), {}};
  for (const auto& [type, value] : side_data) {
    const std::string_view view = value;
    packet.side_data.emplace_back(type, Bytes(view.begin(), view.end()));
  }
  check(check_packet(packet));
  return packet;
}

py::list side_data_of(const Packet& packet) {
  py::list list;
  for (const auto& [type, bytes] : packet.side_data) list.append(py::make_tuple(type, to_bytes(bytes)));
  return list;
}

std::shared_ptr<const ByteSource> open_file(const std::string& path) {
  std::unique_ptr<FileSource> file = FileSource::open(path);
  if (file) return file;
  PyErr_SetFromErrnoWithFilename(PyExc_OSError, path.c_str());
  throw py::error_already_set();
}

FileReader open_bytes(const py::bytes& bytes) {
  const std::string_view view = bytes;
  return unwrap(FileReader::open(std::make_shared<MemorySource>(Bytes(view.begin(), view.end()))));
}

// What `read` gives, without the GIL: the file may be slow.
template <typename Read>
auto without_gil(const Read& read) {
  const auto released = [&] {
    const py::gil_scoped_release release;
    return read();
  };
  return unwrap(released());
}

// The metric's number in the file, then rows of frames, mean and 5th percentile in the metric's own unit.
using QualityRows = std::vector<std::tuple<uint64_t, double, double>>;

Bytes written_quality(Writer& writer, int metric, const QualityRows& rows) {
  if (metric < 0 || metric > kLastQualityMetric || rows.empty()) throw py::value_error("no such quality");
  QualityNote note{static_cast<QualityMetric>(metric), {}};
  const int steps = quality_steps(note.metric);
  for (const auto& [frames, mean, fifth] : rows)
    note.rows.push_back({frames, std::llround(mean * steps), std::llround(fifth * steps)});
  return writer.quality(note);
}

std::optional<std::pair<int, QualityRows>> quality_of(const FileReader& reader) {
  const std::optional<QualityNote> note = without_gil([&] { return reader.quality(); });
  if (!note) return std::nullopt;
  const double steps = quality_steps(note->metric);
  QualityRows rows;
  for (const QualityRow& row : note->rows)
    rows.emplace_back(row.frames, double(row.mean) / steps, double(row.fifth_percentile) / steps);
  return std::pair(int(note->metric), std::move(rows));
}

const char* kind_name(const IndexEntry& entry) {
  switch (entry.kind) {
    case IndexEntry::Kind::kSegment:
      return "segment";
    case IndexEntry::Kind::kPackets:
      return "packets";
    case IndexEntry::Kind::kDictionary:
      return "dictionary";
    case IndexEntry::Kind::kOther:
      break;
  }
  return "other";
}

void bind_descriptions(py::module_& module) {
  py::class_<StreamHeader>(module, "StreamHeader")
      .def(py::init(&make_header), py::kw_only(), py::arg("format"), py::arg("width"), py::arg("height"),
           py::arg("colour"), py::arg("sample_aspect"), py::arg("quarter_turns"), py::arg("time_base"),
           py::arg("frame_duration"), py::arg("origin"))
      .def_property_readonly("format",
                             [](const StreamHeader& h) { return std::string(format_name(h.format)); })
      .def_readonly("width", &StreamHeader::width)
      .def_readonly("height", &StreamHeader::height)
      .def_readonly("colour", &StreamHeader::colour)
      .def_property_readonly("sample_aspect", [](const StreamHeader& h) { return to_pair(h.sample_aspect); })
      .def_property_readonly("quarter_turns", [](const StreamHeader& h) { return int(h.quarter_turns); })
      .def_property_readonly("time_base", [](const StreamHeader& h) { return to_pair(h.time_base); })
      .def_property_readonly("frame_duration",
                             [](const StreamHeader& h) { return to_pair(h.frame_duration); })
      .def_readonly("origin", &StreamHeader::origin)
      .def(
          "__eq__",
          [](const StreamHeader& a, const StreamHeader& b) { return write_header(a) == write_header(b); },
          py::arg("other"))
      .def(py::pickle([](const StreamHeader& h) { return to_bytes(write_header(h)); },
                      [](const py::bytes& bytes) {
                        const std::string_view view = bytes;
                        return unwrap(
                            read_header({reinterpret_cast<const uint8_t*>(view.data()), view.size()}));
                      }));

  py::class_<Track>(module, "Track")
      .def(py::init(&make_track), py::kw_only(), py::arg("kind"), py::arg("codec"), py::arg("time_base"),
           py::arg("extradata"), py::arg("tags"))
      .def_property_readonly(
          "kind", [](const Track& t) { return t.kind == TrackKind::kAudio ? "audio" : "subtitle"; })
      .def_readonly("codec", &Track::codec)
      .def_property_readonly("time_base", [](const Track& t) { return to_pair(t.time_base); })
      .def_property_readonly("extradata", [](const Track& t) { return to_bytes(t.extradata); })
      .def_readonly("tags", &Track::tags);

  py::class_<Packet>(module, "Packet")
      .def(py::init(&make_packet), py::kw_only(), py::arg("pts"), py::arg("dts"), py::arg("duration"),
           py::arg("is_keyframe"), py::arg("data"), py::arg("side_data"))
      .def_readonly("pts", &Packet::pts)
      .def_readonly("dts", &Packet::dts)
      .def_readonly("duration", &Packet::duration)
      .def_readonly("is_keyframe", &Packet::is_keyframe)
      .def_property_readonly("data", [](const Packet& p) { return to_bytes(p.data); })
      .def_property_readonly("side_data", &side_data_of);

  py::class_<IndexEntry>(module, "IndexEntry")
      .def_property_readonly("kind", &kind_name)
      .def_readonly("offset", &IndexEntry::offset)
      .def_readonly("size", &IndexEntry::size)
      .def_readonly("detail", &IndexEntry::detail);
}

}  // namespace

void bind_container(py::module_& module) {
  bind_descriptions(module);

  py::class_<Writer>(module, "Writer")
      .def(py::init<>())
      .def(
          "begin", [](Writer& w, const StreamHeader& header) { return to_bytes(w.begin(header)); },
          py::arg("header"))
      .def(
          "track", [](Writer& w, const Track& track) { return to_bytes(w.track(track)); }, py::arg("track"))
      .def(
          "tags", [](Writer& w, const Tags& tags) { return to_bytes(w.tags(tags)); }, py::arg("tags"))
      .def(
          "segment",
          [](Writer& w, const py::buffer& payload, uint64_t frames) {
            const py::buffer_info info = payload.request();
            return to_bytes(w.segment(bytes_of(info), frames));
          },
          py::arg("payload"), py::arg("frames"))
      .def(
          "packets",
          [](Writer& w, uint64_t track, const std::vector<Packet>& packets) {
            return to_bytes(w.packets(track, packets));
          },
          py::arg("track"), py::arg("packets"))
      .def(
          "dictionary",
          [](Writer& w, const py::buffer& payload) {
            const py::buffer_info info = payload.request();
            return to_bytes(w.dictionary(bytes_of(info)));
          },
          py::arg("payload"))
      .def(
          "quality",
          [](Writer& w, int metric, const QualityRows& rows) {
            return to_bytes(written_quality(w, metric, rows));
          },
          py::arg("metric"), py::arg("rows"))
      .def(
          "notes", [](Writer& w, const Tags& notes) { return to_bytes(w.notes(notes)); }, py::arg("notes"))
      .def("adopt", &Writer::adopt, py::arg("entry"))
      .def("finish", [](const Writer& w) { return to_bytes(w.finish()); });

  py::class_<FileReader>(module, "FileReader")
      .def(py::init([](const std::string& path) { return unwrap(FileReader::open(open_file(path))); }),
           py::arg("path"))
      .def_static("from_bytes", &open_bytes, py::arg("data"))
      .def_property_readonly("header", &FileReader::header)
      .def_property_readonly("tracks", &FileReader::tracks)
      .def_property_readonly("tags", &FileReader::tags)
      .def_property_readonly("entries", &FileReader::entries)
      .def_property_readonly("recovered", &FileReader::recovered)
      .def_property_readonly("end", &FileReader::end)
      .def_property_readonly("file_size", &FileReader::file_size)
      .def("quality", &quality_of)
      .def("notes", [](const FileReader& r) { return without_gil([&] { return r.notes(); }); })
      .def(
          "payload",
          [](const FileReader& r, const IndexEntry& e) {
            return to_bytes(without_gil([&] { return r.payload(e); }));
          },
          py::arg("entry"))
      .def(
          "packets",
          [](const FileReader& r, const IndexEntry& e) {
            PacketGroup group = without_gil([&] { return r.packets(e); });
            return py::make_tuple(group.track, std::move(group.packets));
          },
          py::arg("entry"));
}

}  // namespace aicodec
