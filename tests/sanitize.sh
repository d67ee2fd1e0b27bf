#!/bin/sh
# Builds the extension with AddressSanitizer and UndefinedBehaviorSanitizer (gcc) and runs the tests that work the
# core, without those that spend their time in other libraries: tests/sanitize.sh [pytest arguments].
set -eu
cd "$(dirname "$0")/.."
python=${PYTHON:-python}
build=build/sanitize
site=$PWD/$build/site

version=$("$python" -c "import tomllib; print(tomllib.load(open('pyproject.toml', 'rb'))['project']['version'])")
cmake -S . -B $build -DCMAKE_BUILD_TYPE=Release -DCMAKE_CXX_COMPILER="${CXX:-g++}" -DAICODEC_SANITIZE=ON \
  -DSKBUILD_PROJECT_VERSION="$version" -DPython_EXECUTABLE="$(command -v "$python")" \
  -Dpybind11_DIR="$("$python" -m pybind11 --cmakedir)"
cmake --build $build --parallel "$(nproc)"

rm -rf "$site"
mkdir -p "$site"
cp -r python/aicodec_native "$site"
rm -f "$site"/aicodec_native/_native*.so
cmake --install $build --prefix "$site"

# The sanitizers' runtimes must come before everything else; libstdc++ with them, or they miss its exceptions.
runtime() { "${CXX:-g++}" -print-file-name="$1"; }
[ $# -gt 0 ] || set -- tests/test_bits.py tests/test_conformance.py tests/test_container.py tests/test_damage.py \
  tests/test_determinism.py tests/test_reference.py tests/test_screen.py tests/test_segment.py tests/test_shader.py \
  tests/test_shader_layer.py tests/test_shots.py tests/test_threads.py tests/test_tracks.py
LD_PRELOAD="$(runtime libasan.so) $(runtime libstdc++.so)" \
  ASAN_OPTIONS=detect_leaks=0 UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1 \
  PYTHONPATH="$site" exec "$python" -m pytest -q -p no:cacheprovider "$@"
