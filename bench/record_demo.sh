#!/usr/bin/env bash
# Records python/aicodec_native/data/demo.mkv: eight seconds of a real terminal session, lossless, 1280x720 at
# 30 frames a second. A throw-away project is written, an xterm is opened on a virtual display, and commands are
# typed into it at a human speed while ffmpeg grabs the screen. All text shown is written here, so the clip
# carries no licence but this project's. Each recording differs a little in timing.
#
# Needs Xvfb, xterm, xdotool, ffmpeg with libx264rgb, git, make, a C++ compiler, python3 and the font DejaVu
# Sans Mono.   Usage: bench/record_demo.sh [output.mkv]
set -euo pipefail

output=$(realpath -m "${1:-$(dirname "$0")/../python/aicodec_native/data/demo.mkv}")
work=$(mktemp -d)
display=:$((90 + RANDOM % 900))
pids=()
finish() {
  kill "${pids[@]}" 2> /dev/null || true
  wait
  rm -rf "$work"
}
trap finish EXIT

write_project() {
  mkdir "$work/demo" && cd "$work/demo"
  git init -q -b main
  git config user.name demo && git config user.email demo@example.org
  commit() { git add -A && git commit -qm "$1"; }

  printf 'life: life.cpp\n\tg++ -std=c++20 -O1 -Wall -o life life.cpp\n' > Makefile
  cat > life.cpp << 'CODE'
// Conway's game of life: a gun that shoots gliders. Old cells turn from yellow to blue.
#include <cstdio>
#include <vector>

#include <unistd.h>

constexpr int kWidth = 48, kHeight = 20, kGenerations = 48;
constexpr int kGun[][2] = {{1, 5},  {1, 6},  {2, 5},  {2, 6},  {11, 5}, {11, 6}, {11, 7}, {12, 4}, {12, 8},
                           {13, 3}, {13, 9}, {14, 3}, {14, 9}, {15, 6}, {16, 4}, {16, 8}, {17, 5}, {17, 6},
                           {17, 7}, {18, 6}, {21, 3}, {21, 4}, {21, 5}, {22, 3}, {22, 4}, {22, 5}, {23, 2},
                           {23, 6}, {25, 1}, {25, 2}, {25, 6}, {25, 7}, {35, 3}, {35, 4}, {36, 3}, {36, 4}};
using Board = std::vector<int>;  // age of each cell, 0: dead

Board next(const Board& old) {
  Board board(old.size());
  for (int y = 0; y < kHeight; ++y)
    for (int x = 0; x < kWidth; ++x) {
      int around = 0;
      for (int i = 0; i < 9; ++i) {
        const int v = y + i / 3 - 1, u = x + i % 3 - 1;
        if (i != 4 && v >= 0 && v < kHeight && u >= 0 && u < kWidth) around += old[v * kWidth + u] > 0;
      }
      const int age = old[y * kWidth + x];
      if (around == 3 || (age > 0 && around == 2)) board[y * kWidth + x] = age + 1;
    }
  return board;
}

int main() {
  const int colours[] = {0, 226, 214, 208, 170, 99, 33};
  Board board(kWidth * kHeight);
  for (const auto& cell : kGun) board[cell[1] * kWidth + cell[0]] = 1;
  for (int generation = 0; generation < kGenerations; ++generation, board = next(board)) {
    std::printf("%s\033[1mgeneration %d\033[0m\n", generation ? "\033[21A" : "", generation);
    for (int i = 0; i < kWidth * kHeight; ++i) {
      const int age = board[i] < 6 ? board[i] : 6;
      if (age) std::printf("\033[48;5;%dm  \033[0m", colours[age]);
      else std::printf("  ");
      if (i % kWidth == kWidth - 1) std::printf("\n");
    }
    std::fflush(stdout);
    usleep(30000);
  }
}
CODE
  commit "Gliders: a gun, and cells that age"
  printf '# life\nA small program to look at while it runs.\n' > README.md
  commit "Say what this is"
  cat > plot.py << 'CODE'
"""Curves made of coloured bars."""

from math import sin
from time import sleep


def wave(rows):
    for i in range(rows):
        column = int(34 + 30 * sin(i / 4))
        print(f"{i:3d} \033[10{i % 6 + 1}m" + " " * column + "\033[0m")
        sleep(0.02)
CODE
  commit "Plot a wave, one row at a time"
  mkdir docs && printf 'Type make, then ./life\n' > docs/usage.txt
  printf 'life\n__pycache__/\n' > .gitignore
  commit "A page on how to use it"
}

open_terminal() {
  Xvfb "$display" -screen 0 1280x720x24 > /dev/null 2>&1 &
  pids+=($!)
  export DISPLAY=$display
  until xdotool getmouselocation > /dev/null 2>&1; do sleep 0.1; done
  env -i DISPLAY="$display" PATH=/usr/local/bin:/usr/bin:/bin HOME="$work" PS1='\[\e[1;32m\]demo$\[\e[0m\] ' \
    LS_COLORS='di=1;34:*.cpp=36:*.py=33' PYTHONDONTWRITEBYTECODE=1 GIT_PAGER=cat \
    xterm -fa 'DejaVu Sans Mono' -fs 14 -bg '#16181d' -fg '#d8dee9' -cr '#88c0d0' -b 12 +sb -bw 0 \
    -e bash --norc --noprofile &
  pids+=($!)
  local window
  window=$(xdotool search --sync --onlyvisible --class xterm | head -n 1)
  xdotool windowmove "$window" 0 0 windowsize "$window" 1280 720 windowfocus "$window" mousemove 1279 719
  sleep 1
}

# Types `$1` and a return, then waits `$2` seconds.
enter() {
  xdotool type --delay "${3:-55}" "$1"
  sleep 0.15
  xdotool key Return
  sleep "$2"
}

session() {
  enter 'ls --color' 0.2
  enter 'git log --oneline --color' 0.3 30
  enter 'make' 0.2
  until [[ -x life ]]; do sleep 0.05; done
  sleep 0.3
  enter './life' 1.6
  enter 'python3 -q' 0.2 40
  enter 'from plot import wave' 0.1 30
  enter 'wave(50)' 1.7
}

write_project
open_terminal
ffmpeg -v error -f x11grab -draw_mouse 0 -framerate 30 -video_size 1280x720 -i "$display" -t 12 \
  -c:v libx264rgb -qp 0 -preset ultrafast -y "$work/raw.mkv" &
grabber=$!
pids+=("$grabber")
sleep 0.7  # until ffmpeg grabs
session
kill -INT "$grabber" && wait "$grabber" || true
mkdir -p "$(dirname "$output")"
ffmpeg -v error -ss 0.5 -i "$work/raw.mkv" -t 8 -r 30 -c:v libx264rgb -qp 0 -preset veryslow -g 600 \
  -map_metadata -1 -fflags +bitexact -flags:v +bitexact -y "$output"
ls -l "$output"
