/** Places the steps of a script on a page, from top to bottom. */

import dagre from "@dagrejs/dagre";
import type { Box, Script } from "./api";

export const BOX = { width: 200, height: 62 };
const MARGIN = 16;
const LINE_LENGTH = 30;

export interface Placed extends Box {
  x: number;
  y: number;
}

export interface Way {
  source: string;
  target: string;
  when: string;
  d: string;
  x: number;
  y: number;
}

export interface Drawing {
  width: number;
  height: number;
  boxes: Placed[];
  arrows: Way[];
}

export function layOut(script: Script): Drawing {
  const graph = new dagre.graphlib.Graph();
  graph.setGraph({ rankdir: "TB", nodesep: 28, ranksep: 46, marginx: MARGIN, marginy: MARGIN });
  graph.setDefaultEdgeLabel(() => ({}));
  for (const box of script.boxes) graph.setNode(box.name, { ...BOX });
  for (const arrow of script.arrows) {
    const width = Math.min(180, 12 + arrow.when.length * 7);
    graph.setEdge(arrow.source, arrow.target, { width, height: arrow.when ? 16 : 0, labelpos: "c" });
  }
  dagre.layout(graph);
  const size = graph.graph();
  return {
    width: Math.ceil(size.width ?? 0),
    height: Math.ceil(size.height ?? 0),
    boxes: script.boxes.map((box) => ({ ...box, ...at(graph.node(box.name)) })),
    arrows: script.arrows.map((arrow) => {
      const edge = graph.edge(arrow.source, arrow.target);
      const [first, ...rest]: Point[] = edge.points ?? [];
      const d = first ? `M${spot(first)}${rest.map((point) => `L${spot(point)}`).join("")}` : "";
      return { ...arrow, d, ...at(edge) };
    }),
  };
}

interface Point {
  x?: number;
  y?: number;
}

const at = (point: Point) => ({ x: point.x ?? 0, y: point.y ?? 0 });
const spot = (point: Point) => `${(point.x ?? 0).toFixed(1)} ${(point.y ?? 0).toFixed(1)}`;

/** A text in at most two lines, cut between words where it can be. */
export function lines(text: string): string[] {
  const found: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    if (line && line.length + word.length + 1 > LINE_LENGTH) {
      found.push(line);
      line = word;
    } else line = line ? `${line} ${word}` : word;
  }
  found.push(line);
  if (found.length <= 2) return found;
  return [found[0] ?? "", `${found[1]}…`];
}
