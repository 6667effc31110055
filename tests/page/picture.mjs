// Makes a screenshot small: a PNG of true colours becomes one with a palette of 255 colours, in which text is as sharp.
import { deflateSync, inflateSync, crc32 } from "node:zlib";

const SIGNATURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
const COLOURS = 255;

function chunks(png) {
  const found = [];
  for (let at = 8; at < png.length;) {
    const size = png.readUInt32BE(at);
    found.push({ type: png.toString("latin1", at + 4, at + 8), bytes: png.subarray(at + 8, at + 8 + size) });
    at += size + 12;
  }
  return found;
}

function chunk(type, bytes) {
  const body = Buffer.concat([Buffer.from(type, "latin1"), bytes]);
  const out = Buffer.alloc(body.length + 8);
  out.writeUInt32BE(bytes.length, 0);
  body.copy(out, 4);
  out.writeUInt32BE(crc32(body), body.length + 4);
  return out;
}

// Undoes the five filters of PNG, line by line. -> the bytes of the pixels
function pixels(raw, width, height, depth) {
  const line = width * depth, out = Buffer.alloc(line * height);
  for (let y = 0; y < height; ++y) {
    const filter = raw[y * (line + 1)];
    for (let x = 0; x < line; ++x) {
      const left = x >= depth ? out[y * line + x - depth] : 0, up = y > 0 ? out[(y - 1) * line + x] : 0;
      const corner = x >= depth && y > 0 ? out[(y - 1) * line + x - depth] : 0;
      const guess = left + up - corner, to = (value) => Math.abs(guess - value);
      const nearest = to(left) <= to(up) && to(left) <= to(corner) ? left : to(up) <= to(corner) ? up : corner;
      out[y * line + x] = raw[y * (line + 1) + 1 + x] + [0, left, up, (left + up) >> 1, nearest][filter];
    }
  }
  return out;
}

export function small(png) {
  const all = chunks(png), header = all[0].bytes;
  const width = header.readUInt32BE(0), height = header.readUInt32BE(4), depth = header[9] === 6 ? 4 : 3;
  if (header[8] !== 8 || (header[9] !== 2 && header[9] !== 6) || header[12] !== 0) throw new Error("another kind of PNG");
  const bytes = pixels(inflateSync(Buffer.concat(all.filter((one) => one.type === "IDAT").map((one) => one.bytes))), width, height, depth);
  const counts = new Map();
  const colour = (i) => bytes[i * depth] << 16 | bytes[i * depth + 1] << 8 | bytes[i * depth + 2];
  for (let i = 0; i < width * height; ++i) counts.set(colour(i), (counts.get(colour(i)) ?? 0) + 1);
  const palette = [...counts].sort((a, b) => b[1] - a[1]).slice(0, COLOURS).map(([one]) => one);
  const numbers = new Map(palette.map((one, i) => [one, i]));
  const distance = (a, b) => [16, 8, 0].reduce((sum, shift) => sum + ((a >> shift & 255) - (b >> shift & 255)) ** 2, 0);
  const number = (one) => {
    if (!numbers.has(one)) numbers.set(one, palette.reduce((best, other, i) => distance(one, other) < distance(one, palette[best]) ? i : best, 0));
    return numbers.get(one);
  };
  const lines = Buffer.alloc((width + 1) * height);
  for (let i = 0; i < width * height; ++i) lines[i + Math.floor(i / width) + 1] = number(colour(i));
  const newHeader = Buffer.from(header);
  newHeader[9] = 3;
  return Buffer.concat([SIGNATURE, chunk("IHDR", newHeader), chunk("PLTE", Buffer.from(palette.flatMap((one) => [one >> 16, one >> 8 & 255, one & 255]))),
    chunk("IDAT", deflateSync(lines, { level: 9 })), chunk("IEND", Buffer.alloc(0))]);
}
