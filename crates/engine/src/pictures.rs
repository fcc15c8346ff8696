//! Pictures out of kits and runs, decoded for the front end: small, bounded, and as plain pixels, so
//! that no decoder runs in the page.

use std::io::Cursor;

use image::{DynamicImage, ImageReader, Limits};
use kitbench_protocol::Picture;

/// The longer side of what is sent, in pixels.
const MAX_SIDE: u32 = 1024;
/// The longer side of what is decoded at all.
const MAX_SOURCE_SIDE: u32 = 16_384;
/// Bytes that decoding may take.
const MAX_ALLOC: u64 = 256 << 20;

/// Decodes a PNG, JPEG, GIF (its first frame), WebP or BMP, and makes it smaller where its longer side
/// is above 1024 pixels.
///
/// # Errors
/// A sentence, when it is none of these, broken, or too large to be decoded.
pub fn decode(bytes: &[u8]) -> Result<Picture, String> {
    let mut reader = ImageReader::new(Cursor::new(bytes))
        .with_guessed_format()
        .map_err(|error| error.to_string())?;
    let mut limits = Limits::default();
    limits.max_image_width = Some(MAX_SOURCE_SIDE);
    limits.max_image_height = Some(MAX_SOURCE_SIDE);
    limits.max_alloc = Some(MAX_ALLOC);
    reader.limits(limits);
    let image = reader.decode().map_err(|error| error.to_string())?;
    Ok(picture(&image))
}

fn picture(image: &DynamicImage) -> Picture {
    let (width, height) = (image.width(), image.height());
    let pixels = if width.max(height) > MAX_SIDE {
        image.thumbnail(MAX_SIDE, MAX_SIDE).to_rgba8()
    } else {
        image.to_rgba8()
    };
    Picture {
        width,
        height,
        shown_width: pixels.width(),
        shown_height: pixels.height(),
        rgba: pixels.into_raw(),
    }
}

#[cfg(test)]
mod tests {
    use image::{ImageFormat, RgbaImage};

    use super::*;

    fn png(width: u32, height: u32) -> Vec<u8> {
        let mut bytes = Cursor::new(Vec::new());
        RgbaImage::from_fn(width, height, |x, y| {
            image::Rgba([x as u8, y as u8, 7, 255])
        })
        .write_to(&mut bytes, ImageFormat::Png)
        .unwrap();
        bytes.into_inner()
    }

    #[test]
    fn a_small_picture_keeps_every_pixel() {
        let picture = decode(&png(3, 2)).unwrap();
        assert_eq!((picture.width, picture.height), (3, 2));
        assert_eq!((picture.shown_width, picture.shown_height), (3, 2));
        assert_eq!(picture.rgba.len(), 3 * 2 * 4);
        assert_eq!(picture.rgba[20..24], [2, 1, 7, 255]);
    }

    #[test]
    fn a_large_picture_is_made_smaller() {
        let picture = decode(&png(4096, 16)).unwrap();
        assert_eq!((picture.width, picture.height), (4096, 16));
        assert_eq!((picture.shown_width, picture.shown_height), (1024, 4));
        assert_eq!(picture.rgba.len(), 1024 * 4 * 4);
    }

    #[test]
    fn what_is_broken_or_no_picture_is_told() {
        let whole = png(64, 64);
        assert!(decode(&whole[..whole.len() / 2]).is_err());
        assert!(decode(b"a,b\n1,2\n").is_err());
        assert!(decode(&[]).is_err());
    }

    #[test]
    fn a_header_that_promises_a_huge_picture_allocates_nothing_for_it() {
        let mut bytes = png(1, 1);
        // IHDR: width and height stand behind the signature, a length and the name.
        bytes[16..24].copy_from_slice(&[0, 0, 0xff, 0xff, 0, 0, 0xff, 0xff]);
        assert!(decode(&bytes).is_err());
    }
}
