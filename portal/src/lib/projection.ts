/** The sky on a plane: the whole of it, or a part that is looked at. */
import { geoAzimuthalEqualAreaRaw, geoOrthographicRaw, geoProjection } from "d3-geo";
import type { GeoProjection, GeoRawProjection } from "d3-geo";

/** Hammer's projection: all of the sky in an ellipse, areas kept. */
const hammerRaw: GeoRawProjection = (longitude, latitude) => {
  const [x, y] = geoAzimuthalEqualAreaRaw(longitude / 2, latitude);
  return [x * 2, y];
};
hammerRaw.invert = (x, y) => {
  const [longitude, latitude] = geoAzimuthalEqualAreaRaw.invert!(x / 2, y);
  return [longitude * 2, latitude];
};

/** East is left, as one sees it from inside. */
export const hammer = (): GeoProjection => geoProjection(hammerRaw).reflectX(true).precision(0.3);
export const globe = (): GeoProjection =>
  geoProjection(geoOrthographicRaw).reflectX(true).clipAngle(90).precision(0.3);

/** Half the width of the ellipse at scale 1. */
export const HAMMER_HALF = 2 * Math.SQRT2;
