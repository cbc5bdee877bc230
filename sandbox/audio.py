"""What a recording holds: a tone in each channel as WAV, silence as MP3."""

from __future__ import annotations

import io
import math
import struct
import wave
from functools import cache

RATE, SECONDS, LOUDNESS = 8000, 0.4, 8000  # samples a second, length, of 32767
TONES = (440, 660)  # hertz, left and right
# A frame of MPEG-2 layer III, 8 kbit/s, 16 kHz, mono: its side information is all zero, which is 36 ms of silence.
MP3_FRAME, MP3_FRAMES = b"\xff\xf3\x18\xc4" + bytes(32), 12


@cache
def wav(channels: int) -> bytes:
    """Make 16-bit PCM at 8 kHz with one or two channels."""
    file = io.BytesIO()
    with wave.open(file, "wb") as out:
        out.setnchannels(channels)
        out.setsampwidth(2)
        out.setframerate(RATE)
        out.writeframes(b"".join(_frame(place, channels) for place in range(int(RATE * SECONDS))))
    return file.getvalue()


def _frame(place: int, channels: int) -> bytes:
    levels = (round(LOUDNESS * math.sin(math.tau * tone * place / RATE)) for tone in TONES[:channels])
    return struct.pack(f"<{channels}h", *levels)


def mp3() -> bytes:
    return MP3_FRAME * MP3_FRAMES
