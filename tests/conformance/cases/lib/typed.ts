export interface Shape { w: number; h: number }
// What throws for null: its line must be this file's.
export function area(shape: Shape): number {
  return shape.w * shape.h;
}
